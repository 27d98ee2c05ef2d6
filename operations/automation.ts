import { tellOfBrokenPrograms } from "./broken-program";
import { keepConnectionsApart } from "./own-connections";

/** What each process does before it runs programs in the Automation API, as often as it likes. */
export function mendAutomation(): void {
  keepConnectionsApart();
  tellOfBrokenPrograms();
}
