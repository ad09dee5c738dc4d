import { DirectoryLock } from '../../../src/modules/database/drivers/embedded/directory-lock.js';

const dir = process.argv[2]!;
const held: DirectoryLock[] = [];

process.on('message', () => {
  try {
    held.push(DirectoryLock.acquire(dir));
    process.send!('acquired');
  } catch {
    process.send!('refused');
  }
});
process.on('disconnect', () => process.exit(0));
process.send!('started');
