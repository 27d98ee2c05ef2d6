import * as echarts from "echarts";
import { type Result, type Row, secondsOf, shareOf } from "./result";

/** What part of Ansible's time the project is to take. */
export const goal = 0.25;

/** A bar a row: what part our time is of Ansible's. */
export function chartOf({ rows, date }: Result): string {
  const height = 126 + rows.length * 26;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 860, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: {
      text: `Time of soar-profiling as a part of Ansible's, ${date}`,
      left: 12,
      top: 10,
      textStyle: { fontSize: 14 },
    },
    grid: { left: 300, right: 110, top: 62, bottom: 44 },
    xAxis: { type: "value", min: 0, max: 100, axisLabel: { formatter: "{value} %" } },
    yAxis: { type: "category", inverse: true, data: rows.map(nameOf), axisTick: { show: false } },
    series: [
      {
        type: "bar",
        barWidth: 15,
        itemStyle: { color: "#3b6ea5" },
        data: rows.map((row) => ({
          value: Math.round(shareOf(row) * 100),
          label: {
            formatter: `${secondsOf(row.ours).toFixed(1)} s of ${secondsOf(row.theirs).toFixed(1)} s`,
          },
        })),
        label: { show: true, position: "right" },
        markLine: {
          symbol: "none",
          silent: true,
          lineStyle: { color: "#b23a3a" },
          label: { formatter: `the goal: ${goal * 100} %`, position: "start" },
          data: [{ xAxis: goal * 100 }],
        },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function nameOf({ what, hosts, services }: Row): string {
  return `${what}, ${hosts} ${hosts === 1 ? "host" : "hosts"}, ${services} services`;
}
