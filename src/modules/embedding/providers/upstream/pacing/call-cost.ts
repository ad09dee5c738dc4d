/** The part of a quota that a call uses, or the quota of a minute. Quotas count texts, not calls. */
export interface CallCost {
  readonly texts: number;
  readonly tokens: number;
}
