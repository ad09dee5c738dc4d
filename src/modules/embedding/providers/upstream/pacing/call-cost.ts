/** What an upstream call uses up, or what a minute allows: quotas count texts, not calls. */
export interface CallCost {
  readonly texts: number;
  readonly tokens: number;
}
