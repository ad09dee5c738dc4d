/** The settings of the warm-up: the module's options over the application's configuration over the defaults. */
export const WARM_UP_SETTINGS = Symbol.for('larder:warm-up:settings');

/** The options of `WarmUpModule.forRoot()`. */
export const WARM_UP_OPTIONS = Symbol.for('larder:warm-up:options');
