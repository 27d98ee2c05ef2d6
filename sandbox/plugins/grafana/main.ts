import { grafanaProvider } from "./provider";
import { serveConfigured } from "./server";

void serveConfigured(grafanaProvider());
