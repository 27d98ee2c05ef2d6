import { bytesTaken, processorTime, type ProfiledService, sampledTime } from "../prometheus/profiling-cost";
import { intervals } from "../prometheus/silent-profiles";
import { graph, type PanelBuilder, type PrometheusPanel } from "./panels";

/** The services, and through whose platform their profiles go. */
interface Profiling {
  readonly environment: string;
  readonly platform: string;
  readonly services: readonly ProfiledService[];
}

/** What being profiled costs the services of an environment, as far as something that Prometheus scrapes tells it. */
export function costPanels(profiling: Profiling, uid: string): PanelBuilder[] {
  return [underProfiler(profiling), handedOver(profiling), keptBusy(profiling)]
    .filter(({ lines }) => lines.length > 0)
    .map((panel) => graph(uid, panel));
}

function underProfiler({ environment, platform, services }: Profiling): PrometheusPanel {
  return {
    title: "Cost to the services: time under the profiler",
    unit: "percentunit",
    description:
      "The share of the time in which a CPU profile of the service is being taken: how many have arrived, times the duration that " +
      "is asked for; less where the service answers sooner. Meanwhile its threads are interrupted, as a rule a hundred times for " +
      "each second that they compute. It is not the share of the processor that profiling takes.",
    lines: sampledTime(environment, platform, services).map((expr) => ({ expr, legend: "{{service_name}}" })),
  };
}

function handedOver({ environment, platform, services }: Profiling): PrometheusPanel {
  return {
    title: "Cost to the services: profiles handed over",
    unit: "Bps",
    description:
      "What a service has put together and handed over, compressed, by kind. That takes processor time for each profile, however " +
      "short was measured and however little the service does.",
    lines: intervals(services).map((interval) => ({
      expr: bytesTaken(environment, platform, interval),
      legend: "{{service_name}} {{kind}}",
    })),
  };
}

function keptBusy({ environment, services }: Profiling): PrometheusPanel {
  return {
    title: "Processors that the services keep busy",
    unit: "short",
    description:
      "All that a service does; what profiling costs it is in it, and shows as the step at a change of its interval. Of services " +
      "whose metrics have process_cpu_seconds_total. 0.01 is a hundredth of one processor.",
    lines: processorTime(environment, services).map((expr) => ({ expr, legend: "{{job}}" })),
  };
}
