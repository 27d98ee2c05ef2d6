import type { Profiled, ProfileKind } from "../../config/service";
import type { Service } from "../../config/settings";

/** One service. */
export interface Chosen {
  service: Service;
  /** The service's place in the settings, such as `services[0]`. */
  setting: string;
}

/** One kind of profile of one service. */
export interface Declared extends Chosen {
  service: Profiled<Service>;
  kind: ProfileKind;
}
