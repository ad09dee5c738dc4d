import { z } from 'zod';
import { listText } from '../../../common/config/config-schemas.js';

/** A model that an operator adds by configuration. */
export interface CustomModel {
  readonly id: string;
  readonly minDimensions: number;
  readonly maxDimensions: number;
  readonly usdPerMillionTokens: number;
}

const CUSTOM_MODEL = /^(?<id>[^\s=]+?):(?:(?<min>\d+)-)?(?<max>\d+)(?::(?<usd>\d+(?:\.\d+)?))?$/;

/** `name:dimensions` or `name:min-max`, with an optional price: `BAAI/bge-small-en-v1.5:384`, `text-embedding-3-small:1-1536:0.02`. */
export const customModelText = () =>
  z.string().transform((text, context): CustomModel => {
    const { id, min, max, usd } = CUSTOM_MODEL.exec(text)?.groups ?? {};
    if (id === undefined || max === undefined) {
      context.addIssue(
        `not a model: ${JSON.stringify(text)} (give name:dimensions or name:min-max[:usd per million tokens])`,
      );
      return z.NEVER;
    }
    return { id, minDimensions: Number(min ?? max), maxDimensions: Number(max), usdPerMillionTokens: Number(usd ?? 0) };
  });

/** `alias=model,…` as a map. */
export const aliasesText = () =>
  listText().transform((pairs, context): ReadonlyMap<string, string> => {
    const aliases = new Map<string, string>();
    for (const pair of pairs) {
      const [alias, model, ...rest] = pair.split('=').map((part) => part.trim());
      if (alias && model && rest.length === 0) aliases.set(alias, model);
      else context.addIssue(`not an alias: ${JSON.stringify(pair)} (give alias=model)`);
    }
    return aliases;
  });
