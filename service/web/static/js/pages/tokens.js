// Tokens: the one of this tab, and those of the service.

import { all, offers, post, remove, token } from "../api.js";
import { fill, h } from "../dom.js";
import { date } from "../format.js";
import { attempt, confirmed } from "../parts/ask.js";
import { command } from "../parts/copy.js";
import { field, fields, form, input, select } from "../parts/form.js";
import { card, empty, head } from "../parts/page.js";
import { problemBox } from "../parts/problem.js";
import { table } from "../parts/table.js";

export async function page({ signal, reload }) {
  return h("div", { class: "stack" },
    head({ title: "Tokens", lead: "Whoever calls a service that has tokens sends one. Without any, only this machine reaches the service." }),
    own(reload), await administered(signal, reload));
}

function own(reload) {
  if (token.get()) {
    const forget = () => { token.forget(); reload(); };
    return card("This tab", {}, h("div", { class: "stack tight" },
      h("p", {}, "A token is kept until the tab is closed and sent with every call."),
      h("div", {}, h("button", { type: "button", onclick: forget }, "Forget it"))));
  }
  const send = async (data) => { token.set(data.get("token").trim()); reload(); };
  return card("This tab", { lead: "No token is sent. If you were given one, enter it here." },
    form("Use this token", [field("Token", input("token", { type: "password", required: true }), "Kept in this tab until it is closed.")], send));
}

async function administered(signal, reload) {
  if (!(await offers("/v1/tokens"))) return empty("This service has no tokens", "It listens on this machine alone and asks nobody who they are.");
  let tokens;
  try {
    tokens = await all("/v1/tokens?limit=500", { signal });
  } catch (error) {
    if (error.status === 403 && !token.get()) return empty("This service has no tokens", "It listens on this machine alone and asks nobody who they are. The first token is made on the server itself: student-search token create --scope admin");
    if (error.status === 401 || error.status === 403) return problemBox(error);
    throw error;
  }
  return [making(reload), tokens.length > 0 && card("Tokens of this service", {}, list(tokens, reload))];
}

function making(reload) {
  const made = h("div");
  const send = async (data) => {
    const days = data.get("days");
    const created = await post("/v1/tokens", { name: data.get("name"), scope: data.get("scope"), expires_in_days: days ? Number(days) : null });
    fill(made, h("div", { class: "stack tight" },
      h("p", { class: "note" }, "This is shown once. Keep it safe."),
      command(created.credential, "The new token"),
      h("div", {}, h("button", { type: "button", onclick: reload }, "I have kept it"))));
  };
  return card("Make a token", {}, form("Make it", [
    field("Name", input("name", { required: true, maxlength: 200, placeholder: "ci" }), "Who holds it, or what for."),
    fields(
      field("Scope", select("scope", [["read", "read: look"], ["write", "write: also post and delete"], ["admin", "admin: also tokens"]], "write")),
      field("Valid for so many days", input("days", { type: "number", min: 1, max: 3650, value: 365 }), "Empty: for ever.")),
  ], send), made);
}

function list(tokens, reload) {
  return table([
    { name: "Name", head: true, of: (each) => each.name },
    { name: "Scope", of: (each) => each.scope },
    { name: "Made", of: (each) => date(each.created_at) },
    { name: "Expires", of: (each) => (each.expires_at ? date(each.expires_at) : "never") },
    { name: "Last used", of: (each) => (each.last_used_at ? date(each.last_used_at) : "never") },
    { name: "", of: (each) => (each.revoked_at ? h("span", { class: "soft" }, "revoked") : revoking(each, reload)) },
  ], tokens, { label: "Tokens of this service" });
}

function revoking(each, reload) {
  const button = h("button", { type: "button", class: "danger", "aria-label": `Revoke ${each.name}` }, "Revoke");
  button.addEventListener("click", async () => {
    if (!(await confirmed(`Revoke ${each.name}?`, "It opens nothing from the next call on.", "Revoke"))) return;
    await attempt(button, async () => { await remove(`/v1/tokens/${each.id}`); reload(); });
  });
  return button;
}
