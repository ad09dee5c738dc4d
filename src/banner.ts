export function banner(url: string): string {
  return url;
}
