// Before a removal, by `node -e` (see destroy-check.ts): does a notification policy of $GRAFANA send to the contact point $POINT? It
// fails with the text of $MESSAGE and names each by what it matches. It comes as one line, with no comment below this.
const { GRAFANA, AUTH, POINT, MESSAGE } = process.env;
const fail = (words) => {
  console.error(words);
  process.exitCode = 1;
};
const login = AUTH?.includes(":") ? "Basic " + Buffer.from(AUTH).toString("base64") : "Bearer " + AUTH;
const nameOf = ({ object_matchers: matchers }) =>
  matchers?.map(([label, match, value]) => label + match + JSON.stringify(value)).join(", ") ||
  "of all alerts";
const users = (route, above) => {
  const name = above === undefined ? "the default policy" : [...above, nameOf(route)].join(" > ");
  const below = above === undefined ? [] : [...above, nameOf(route)];
  const own = route.receiver === POINT ? [name] : [];
  return own.concat((route.routes ?? []).flatMap((child) => users(child, below)));
};
fetch(GRAFANA.replace(/\/+$/, "") + "/api/v1/provisioning/policies", {
  headers: AUTH === undefined ? {} : { Authorization: login },
  signal: AbortSignal.timeout(20000),
})
  .then(async (answer) => {
    if (!answer.ok) throw new Error("status " + answer.status);
    const names = users(await answer.json());
    if (names.length > 0) fail(MESSAGE + ": " + names.join("; "));
  })
  .catch((error) =>
    fail(
      "Grafana at " +
        GRAFANA +
        " cannot be asked for its notification policies: " +
        (error.cause ?? error).message,
    ),
  );
