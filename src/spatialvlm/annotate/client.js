// What the page asks of the server: JSON with the token of the link, and what to say when that fails.

const TOKEN = new URLSearchParams(location.search).get("token") || "";

export const withToken = (path) => `${path}?token=${encodeURIComponent(TOKEN)}`;

export async function ask(path, body) {
  const options = { headers: { "X-Token": TOKEN } };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Nothing is lost: run the same command again and open its new link.");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error || `The server failed (${answer.status}); its terminal says why.`);
  return said;
}
