import { profiled, type Profiled } from "../../config/service";
import type { Service } from "../../config/settings";
import { validateSettings } from "../../config/validate";
import { minimal } from "../components/stack";

/** The settings of a service with profiles, checked, and with their defaults. */
export function serviceOf(changes: object = {}): Profiled<Service> {
  const service = {
    name: "soar-run",
    port: 9091,
    interval: "6s",
    duration: "4s",
    unit: "soar-run.service",
    ...changes,
  };
  const result = validateSettings({ ...minimal, services: [service] }, new Set());
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  const [first] = profiled(result.settings.services);
  if (first === undefined) throw new Error("no service");
  return first;
}
