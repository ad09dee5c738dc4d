/** Which method of which class: the concrete class for an inherited method. Messages and keys name it `Class@method`. */
export interface MethodIdentity {
  readonly type: Function;
  readonly methodName: string;
}

export function nameOf({ type, methodName }: MethodIdentity): string {
  return `${type.name}@${methodName}`;
}
