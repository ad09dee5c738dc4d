/** What of this module works without Nest: the library face. */
export type * from './engine/contract/cache.js';
export type * from './engine/contract/tier.js';
export { WriteCompletedError } from './decorators/write-completed.error.js';
export { afterCommit } from './transactions/transaction-scope.js';
export {
  type TransactionalAdapterLike,
  watchTransactionalAdapter,
} from './transactions/watch-transactional-adapter.js';
export { type TransactionRunner, watchTransactions } from './transactions/watch-transactions.js';
export type { ClassSerializer } from './codec/class-serializers.js';
export { UnstorableValueError } from './codec/unstorable-value.error.js';
export { CacheSerializable } from './decorators/cache-serializable.decorator.js';
export { createCache } from './create-cache.js';
export type * from './create-cache.options.js';
export type { AnnouncementSource } from './engine/ports/announcement-source.js';
export { CacheClosedError, LoadCycleError, LoadTimeoutError } from './engine/contract/errors.js';
export type * from './engine/contract/events.js';
export { invalidationChannel } from './engine/names/key-layout.js';
