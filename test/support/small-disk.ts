import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, so small that a test can fill it. Needs root, for `mount`. */
export class SmallDisk {
  private constructor(readonly dir: string) {}

  /** Whether this process may mount: tests that need a small disk are skipped where it may not. */
  static isAvailable(): boolean {
    try {
      SmallDisk.create(1).remove();
      return true;
    } catch {
      return false;
    }
  }

  /** @throws Error where this process may not mount. */
  static create(megabytes: number): SmallDisk {
    const dir = mkdtempSync(join(tmpdir(), 'larder-disk-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]);
    if (status === 0) return new SmallDisk(dir);
    rmSync(dir, { recursive: true });
    throw new Error('This process may not mount a small disk.');
  }

  /** Takes all of its space. */
  fill(): void {
    try {
      for (;;) appendFileSync(this.filler, Buffer.alloc(Math.max(4_096, Math.min(2 ** 20, this.freeBytes()))));
    } catch {
      // Full.
    }
  }

  /** Gives the space back that {@link fill} took. */
  empty(): void {
    rmSync(this.filler, { force: true });
  }

  remove(): void {
    execFileSync('umount', ['-l', this.dir]);
    rmSync(this.dir, { recursive: true });
  }

  private get filler(): string {
    return join(this.dir, 'filler');
  }

  private freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.dir);
    return bavail * bsize;
  }
}
