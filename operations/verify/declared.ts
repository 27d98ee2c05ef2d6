import type { ProfileKind } from "../../config/service";
import type { Service } from "../../config/settings";

/** One kind of profile of one service. */
export interface Declared {
  service: Service;
  kind: ProfileKind;
  /** The service's place in the settings, such as `services[0]`. */
  setting: string;
}
