// Before a destroy, by `node -e` (see destroy-check.ts): has $GRAFANA anything in the folder $FOLDER but the dashboards $OWN? It fails
// with the text of $MESSAGE and names them. Grafana 10.2 and later tells what is in the folder, an older one all that it has. It comes
// as one line, with no comment below this.
const { GRAFANA, AUTH, FOLDER, OWN, MESSAGE } = process.env;
const fail = (words) => {
  console.error(words);
  process.exitCode = 1;
};
const login = AUTH?.includes(":") ? "Basic " + Buffer.from(AUTH).toString("base64") : "Bearer " + AUTH;
fetch(GRAFANA.replace(/\/+$/, "") + "/api/search?limit=5000&folderUIDs=" + FOLDER, {
  headers: AUTH === undefined ? {} : { Authorization: login },
  signal: AbortSignal.timeout(20000),
})
  .then(async (answer) => {
    if (!answer.ok) throw new Error("status " + answer.status);
    const strange = (await answer.json()).filter(
      ({ uid, folderUid }) => folderUid === FOLDER && !JSON.parse(OWN).includes(uid),
    );
    const names = strange.map(({ title, url }) => title + " (" + url + ")");
    if (names.length > 0) fail(MESSAGE + ": " + names.join(", "));
  })
  .catch((error) =>
    fail(
      "Grafana at " + GRAFANA + " cannot be asked what is in the folder: " + (error.cause ?? error).message,
    ),
  );
