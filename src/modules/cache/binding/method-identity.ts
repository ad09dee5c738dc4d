/** A method and its class; for an inherited method the concrete class. Messages and keys name it `Class@method`. */
export interface MethodIdentity {
  readonly type: Function;
  readonly methodName: string;
}

export function nameOf({ type, methodName }: MethodIdentity): string {
  return `${type.name}@${methodName}`;
}
