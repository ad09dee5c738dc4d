export { InvalidationModule, type InvalidationModuleOptions, startInvalidation } from './invalidation.module.js';
export { MicroserviceAnnouncements } from './microservice-announcements.js';
