/** As whom Alloy logs in where it sends to, in the words of its `basic_auth`. */
export interface Account {
  readonly username: string;
  readonly password_file: string;
}

/**
 * @param passwordFile file on the host that holds the user's password
 * @returns undefined without a user
 * @throws Error when only one of the two is given
 */
export function accountOf(user: string | undefined, passwordFile: string | undefined): Account | undefined {
  if (user !== undefined && passwordFile !== undefined)
    return { username: user, password_file: passwordFile };
  if (user === undefined && passwordFile === undefined) return undefined;
  throw new Error("user and passwordFile are given together or not at all");
}
