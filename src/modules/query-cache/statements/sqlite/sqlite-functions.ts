import { FunctionNames } from '../function-names.js';

/** Functions of SQLite 3.53, and its table-valued ones, that neither read nor change tables. */
export const HARMLESS_FUNCTIONS = new FunctionNames(
  `
  abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char coalesce concat concat_ws cos cosh
  count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor
  format geopoly_* glob group_concat hex highlight if ifnull iif instr json json_* jsonb jsonb_* julianday lag
  last_insert_rowid last_value lead length like likelihood likely ln log log10 log2 lower ltrim match matchinfo max
  median min mod nth_value ntile nullif octet_length offsets percent_rank percentile percentile_cont percentile_disc
  pi pow power printf quote radians random randomblob rank replace round row_number rtrim sign sin sinh snippet
  soundex sqlite_compileoption_get sqlite_compileoption_used sqlite_source_id sqlite_version sqrt strftime string_agg
  substr substring subtype sum tan tanh time timediff total total_changes trim trunc typeof unhex unicode unistr
  unistr_quote unixepoch unlikely upper zeroblob generate_series
  `.trim(),
);
