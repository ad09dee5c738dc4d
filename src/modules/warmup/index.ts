export { type WarmUpConfig, warmUpConfig } from './warm-up.config.js';
export { WarmUp } from './warm-up.decorator.js';
export { WarmUpModule, type WarmUpModuleOptions } from './warm-up.module.js';
export type { ArgumentLists, WarmUpOptions } from './warm-up.options.js';
export { WarmUpRegistry } from './warm-up.registry.js';
export { WarmUpRunner, type WarmUpState } from './warm-up.runner.js';
export type { WarmUpProgress, WarmUpSource } from './warm-up.source.js';
