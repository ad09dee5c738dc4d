/** Checked by the compiler, never run. */
import { WarmUp } from './warm-up.decorator.js';

export class Fitting {
  async ids(): Promise<number[]> {
    return [1];
  }

  @WarmUp([
    [1, 'en'],
    [2, 'de'],
  ])
  @WarmUp(async (service) => (await service.ids()).map((id) => [id, 'en']))
  async find(id: number, locale: string): Promise<string> {
    return `${id}${locale}`;
  }
}

export class Unfitting {
  // @ts-expect-error the first parameter is a number
  @WarmUp([['1', 'en']])
  async wrongType(id: number, locale: string): Promise<string> {
    return `${id}${locale}`;
  }

  // @ts-expect-error an argument is missing
  @WarmUp([[1]])
  async tooFew(id: number, locale: string): Promise<string> {
    return `${id}${locale}`;
  }
}
