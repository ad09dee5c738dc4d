import type { ConfigSection } from './common/config/define-config.js';
import { httpConfig } from './common/http/http.config.js';
import { operatorConfig } from './common/http/operator.config.js';
import { loggingConfig } from './common/logging/logging.config.js';

/** Every section of the service's configuration, in the order of `.env.example`. */
export const configSections: readonly ConfigSection[] = [httpConfig, operatorConfig, loggingConfig];
