import type { LogsSettings } from "../../config/settings";
import { accountOf } from "./account";
import type { Block } from "./syntax";

/** The longest wait between two attempts to send, so that lines flow again soon after Loki is back. */
const maxBackoff = "30s";

/**
 * The component that writes to Loki.
 * @param passwordFile file on the host that holds the user's password; required with `settings.user`
 * @param retries how often it tries again, or 0 for as long as it takes
 * @throws Error when only one of user and passwordFile is given
 */
export function lokiWrite(
  label: string,
  { url, tenant, user }: LogsSettings,
  passwordFile: string | undefined,
  retries: number,
): Block {
  const account = accountOf(user, passwordFile);
  const endpoint: Block = {
    name: "endpoint",
    attributes: {
      url: `${url}/loki/api/v1/push`,
      tenant_id: tenant,
      max_backoff_period: maxBackoff,
      max_backoff_retries: retries,
    },
    blocks: account === undefined ? [] : [{ name: "basic_auth", attributes: { ...account } }],
  };
  return { name: "loki.write", label, blocks: [endpoint] };
}
