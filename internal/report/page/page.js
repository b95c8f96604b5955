"use strict";
// The page reads well without this script, which adds tabs, search, filters,
// and the items that are packed.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const step = 100; // items that a list shows at a time

// Every item is {text, action, orgs, count, element}: what it says in lower case,
// what happens, the numbers of its organizations, of how many things it speaks,
// and the element once there is one.
const entities = {amp: "&", lt: "<", gt: ">", "#34": "\"", "#39": "'", "#43": "+"};
const words = html => html.replace(/<[^>]*>/g, " ").replace(/&([a-z]+|#\d+);/g, (all, name) => entities[name] ?? all).toLowerCase();
const ranges = text => text.split(" ").filter(Boolean).map(r => r.split("-").map(Number)).map(([a, b = a]) => [a, b]);

function itemOf(html, element) {
	const [, action, orgs, count] = html.match(/^<li[^>]* data-action="([^"]*)" data-orgs="([^"]*)" data-count="(\d+)"/);
	return {html: element ? "" : html, text: words(html), action, orgs: ranges(orgs), count: Number(count), element};
}

function elementOf(item) {
	if (!item.element) {
		const t = document.createElement("template");
		t.innerHTML = item.html; // escaped when it was written
		item.element = t.content.firstElementChild;
		item.html = "";
	}
	return item.element;
}

async function unpack(script) {
	const bytes = Uint8Array.from(atob(script.textContent.trim()), c => c.charCodeAt(0));
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
	return JSON.parse(await new Response(stream).text());
}

const state = {terms: [], orgs: null, shown: ""};

class List {
	constructor(element) {
		this.element = element;
		this.ul = one(".items", element);
		this.more = one(".more button", element);
		this.packed = all("script.packed", element);
		this.items = all(":scope > .item", this.ul).map(e => itemOf(e.outerHTML, e));
		this.actions = new Set();
		this.first = this.room = this.items.length; // shown before anybody asks for more
		this.nothing = document.createElement("p");
		this.nothing.className = "nothing";
		this.nothing.textContent = "Nothing here matches.";
		this.nothing.hidden = true;
		this.ul.after(this.nothing);
		this.rest = Number(element.dataset.rest);
		const chips = one(".chips", element);
		if (chips) {
			chips.hidden = false;
			chips.addEventListener("click", event => {
				const chip = event.target.closest("button");
				if (!chip) return;
				const on = chip.getAttribute("aria-pressed") !== "true";
				chip.setAttribute("aria-pressed", on);
				this.actions[on ? "add" : "delete"](chip.dataset.action);
				this.room = this.first;
				refresh();
			});
		}
		if (this.more) this.more.addEventListener("click", async () => {
			const before = this.ul.lastElementChild;
			this.room += step;
			await refresh();
			const next = before ? before.nextElementSibling : this.ul.firstElementChild;
			const target = next && (one("summary", next) || next);
			if (target) {
				if (target === next) target.tabIndex = -1;
				target.focus();
			}
		});
	}

	// load unpacks everything, once.
	load() {
		this.loading ??= (async () => {
			try {
				for (const script of this.packed) {
					for (const html of await unpack(script)) this.items.push(itemOf(html));
					script.remove();
				}
				this.rest = 0;
			} catch (e) {
				console.error(e);
				this.failed = true;
			}
		})();
		return this.loading;
	}

	get filtered() { return state.terms.length > 0 || state.orgs !== null || this.actions.size > 0; }

	matches(item) {
		return (this.actions.size === 0 || this.actions.has(item.action)) &&
			(state.orgs === null || item.orgs.some(([a, b]) => a <= state.orgs[1] && b >= state.orgs[0])) &&
			state.terms.every(t => item.text.includes(t));
	}

	async show() {
		if (this.rest && (this.filtered || this.room > this.items.length)) await this.load();
		const found = this.filtered ? this.items.filter(i => this.matches(i)) : this.items;
		this.ul.replaceChildren(...found.slice(0, this.room).map(elementOf));
		this.found = found.reduce((sum, i) => sum + i.count, 0);
		this.total = this.items.reduce((sum, i) => sum + i.count, 0);
		this.nothing.hidden = found.length > 0;
		const left = found.length - this.ul.childElementCount + this.rest;
		if (this.more) {
			this.more.hidden = left <= 0;
			this.more.textContent = this.failed ? `${left} more cannot be unpacked by this browser` : `Show ${Math.min(step, left)} more of ${left}`;
		}
	}
}

const lists = all(".list").map(e => new List(e));
const panels = all(".panel");
const tabs = all("#tabs a");
for (const tab of tabs) tab.whole = one(".count", tab).textContent;

let turn = 0;
async function refresh() {
	const mine = ++turn;
	const filtering = state.terms.length > 0 || state.orgs !== null;
	const found = one("#found");
	if (filtering && lists.some(l => l.rest)) found.textContent = "Searching…";
	await Promise.all(lists.map(l => l.show()));
	if (mine !== turn) return;
	let sum = 0, whole = 0;
	panels.forEach((panel, i) => {
		const own = lists.filter(l => panel.contains(l.element));
		const n = own.reduce((s, l) => s + l.found, 0);
		sum += n;
		whole += own.reduce((s, l) => s + l.total, 0);
		one(".count", tabs[i]).textContent = filtering ? n : tabs[i].whole;
		tabs[i].classList.toggle("empty", filtering && n === 0);
	});
	found.textContent = filtering ? `${sum} of ${whole} match` : "";
}

// Tabs. The parts stand below each other without them, and in print.
function select(id, focus) {
	if (!panels.some(p => p.id === id)) return false;
	state.shown = id;
	panels.forEach((panel, i) => {
		const on = panel.id === id;
		panel.hidden = !on;
		tabs[i].setAttribute("aria-selected", on);
		tabs[i].tabIndex = on ? 0 : -1;
		if (on && focus) tabs[i].focus(); // which also brings it into view
	});
	return true;
}

function makeTabs() {
	const bar = one("#tabs");
	const list = document.createElement("div");
	list.id = "tabs";
	list.setAttribute("role", "tablist");
	list.setAttribute("aria-label", bar.getAttribute("aria-label"));
	list.append(...bar.childNodes);
	bar.replaceWith(list);
	tabs.forEach((tab, i) => {
		tab.setAttribute("role", "tab");
		tab.id = `tab-${panels[i].id}`;
		tab.setAttribute("aria-controls", panels[i].id);
		panels[i].setAttribute("role", "tabpanel");
		panels[i].setAttribute("aria-labelledby", tab.id);
		tab.addEventListener("click", event => {
			event.preventDefault();
			select(panels[i].id);
			history.replaceState(null, "", `#${panels[i].id}`);
		});
	});
	list.addEventListener("keydown", event => {
		const at = panels.findIndex(p => p.id === state.shown);
		const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1, " ": at, Enter: at}[event.key];
		if (to === undefined) return;
		event.preventDefault();
		const panel = panels[(to + panels.length) % panels.length];
		select(panel.id, true);
		history.replaceState(null, "", `#${panel.id}`);
	});
	addEventListener("hashchange", () => select(location.hash.slice(1)));
	if (!select(location.hash.slice(1))) select(panels[0].id);
}

function makeSearch() {
	const query = one("#query");
	one("#search").hidden = false;
	let waiting;
	query.addEventListener("input", () => {
		clearTimeout(waiting);
		waiting = setTimeout(() => {
			state.terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
			for (const l of lists) l.room = l.first;
			refresh();
		}, 120);
	});
	addEventListener("keydown", event => {
		if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input")) {
			event.preventDefault();
			query.focus();
			query.select();
		}
	});
}

// Links of the summary lead to what they count.
function makeLinks() {
	for (const link of all("header a[href^='#']")) link.addEventListener("click", () => {
		const query = one("#query");
		if (link.dataset.query && query.value !== link.dataset.query) {
			query.value = link.dataset.query;
			query.dispatchEvent(new Event("input"));
		}
	});
}

function makeTree() {
	const buttons = all(".org").map(span => {
		const button = document.createElement("button");
		button.type = "button";
		button.className = "org";
		Object.assign(button.dataset, span.dataset);
		button.setAttribute("aria-pressed", "false");
		button.append(...span.childNodes);
		span.replaceWith(button);
		button.addEventListener("click", () => {
			const on = button.getAttribute("aria-pressed") !== "true";
			for (const b of buttons) b.setAttribute("aria-pressed", b === button && on);
			state.orgs = on ? [Number(button.dataset.first), Number(button.dataset.last)] : null;
			for (const l of lists) l.room = l.first;
			refresh();
		});
		return button;
	});
	// On a narrow screen the tree begins folded.
	if (matchMedia("(max-width: 64rem)").matches) for (const d of all(".side-tree")) d.open = false;
}

function makeTheme() {
	const button = one("#theme"), root = document.documentElement, order = ["system", "light", "dark"];
	let theme = "system";
	try { theme = localStorage.getItem("tenantry-theme") || theme; } catch { /* a file may have no storage */ }
	const show = () => {
		if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
		button.textContent = `Theme: ${theme}`;
	};
	button.hidden = false;
	button.addEventListener("click", () => {
		theme = order[(order.indexOf(theme) + 1) % order.length];
		try { localStorage.setItem("tenantry-theme", theme); } catch { /* then it holds for this page only */ }
		show();
	});
	show();
}

makeTheme();
if (panels.length) {
	makeTabs();
	makeSearch();
	makeTree();
	makeLinks();
	refresh();
}
// What is folded unfolds for the printer.
let folded = [];
addEventListener("beforeprint", () => { folded = all("details:not([open])"); for (const d of folded) d.open = true; });
addEventListener("afterprint", () => { for (const d of folded) d.open = false; });
