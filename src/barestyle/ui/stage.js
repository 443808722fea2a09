const part = (name) => element.querySelector(`[data-part="${name}"]`);
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const busy = (phase) => phase === "waiting" || phase === "painting";
let phase = "empty";
let chosen = null; // which of several pictures is looked at closely
let hung = ""; // what hangs on the wall, so that it is hung once

const set = (name, property, value) => {
	const node = part(name);
	if (node[property] !== value) node[property] = value;
};

const link = (file, text, style) => {
	const anchor = document.createElement("a");
	anchor.href = file.url;
	anchor.download = file.orig_name;
	anchor.textContent = text;
	anchor.className = style;
	return anchor;
};

const cut = (percent) => {
	part("cut").value = percent;
	part("pair").style.setProperty("--cut", `${percent}%`);
};

const compare = (work) => {
	set("before", "src", work.before.url);
	set("after", "src", work.after.url);
	part("after").alt = `The painted picture: ${work.title}`;
	part("pair").style.setProperty("--ratio", work.ratio);
};

const tile = (work, number) => {
	const item = document.createElement("li");
	const look = document.createElement("button");
	look.type = "button";
	const image = document.createElement("img");
	image.src = work.after.url;
	image.alt = "";
	const name = document.createElement("strong");
	name.textContent = work.title;
	const note = document.createElement("span");
	note.textContent = work.note;
	look.append(image, name, note);
	look.setAttribute("aria-label", `${work.title}, ${work.note}: compare with the photograph`);
	look.addEventListener("click", () => {
		chosen = number;
		show();
		part("cut").focus();
	});
	item.append(look, link(work.picture, "Picture", "plain"), link(work.record, "Record", "plain"));
	return item;
};

const hang = (works) => {
	const now = JSON.stringify(works.map((work) => work.picture.url));
	if (now === hung) return;
	hung = now;
	part("wall").replaceChildren(...works.map(tile));
};

const offer = (works) => {
	const links = part("links");
	links.replaceChildren();
	const close = works.length === 1 ? 0 : chosen;
	if (close !== null) {
		links.append(link(works[close].picture, "Download the picture", "main"));
		links.append(link(works[close].record, "Download its record", "side"));
	}
	if (works.length > 1 && close !== null) {
		const back = document.createElement("button");
		back.type = "button";
		back.className = "side";
		back.textContent = "Show all of them";
		back.addEventListener("click", () => {
			const last = chosen;
			chosen = null;
			show();
			part("wall").querySelectorAll("button")[last].focus();
		});
		links.append(back);
	}
	links.hidden = links.childElementCount === 0;
};

const turn = (value) => {
	if (value.phase === phase) return;
	const began = busy(value.phase) && !busy(phase);
	const ended = busy(phase) && !busy(value.phase);
	phase = value.phase;
	if (began) {
		chosen = null;
		const motion = calm.matches ? "auto" : "smooth";
		if (window.innerWidth < 900) element.scrollIntoView({ behavior: motion, block: "start" });
	}
	if (ended) cut(50);
	// The button that was pressed is gone now, and the focus with it; its place is taken by another one.
	if (began) setTimeout(() => focus("#stop"), 150);
	if (ended) setTimeout(() => focus("#paint"), 150);
};

const visible = (selector) => {
	const node = document.querySelector(selector);
	return node && node.offsetParent !== null ? node : null;
};

const focus = (selector) => {
	if (document.activeElement && document.activeElement !== document.body) return;
	visible(selector)?.focus({ preventScroll: true });
};

const show = () => {
	const value = props.value || { phase: "empty", works: [] };
	const works = value.works || [];
	turn(value);
	const done = value.phase === "done";
	const close = done && (works.length === 1 || chosen !== null);
	part("easel").dataset.phase = value.phase;
	if (close) compare(works[works.length === 1 ? 0 : chosen]);
	if (value.frame) set("frame", "src", value.frame);
	set("frame", "hidden", !(value.phase === "painting" && value.frame));
	set("pair", "hidden", !close);
	hang(works.length > 1 || busy(value.phase) ? works : []);
	set("wall", "hidden", close || part("wall").childElementCount === 0);
	set("hint", "hidden", value.phase !== "empty" && !(busy(value.phase) && !value.frame && works.length === 0));
	set("hint", "textContent", value.phase === "empty" ? "Your picture will form here." : "A moment, please.");
	const told = close && chosen !== null ? `${works[chosen].title}. ${works[chosen].words}` : value.words;
	set("words", "textContent", told || "");
	set("details", "textContent", value.details || "");
	set("progress", "hidden", value.phase !== "painting");
	set("progress", "value", value.share || 0);
	const curve = close ? works[works.length === 1 ? 0 : chosen].curve : value.curve;
	set("figure", "hidden", !curve);
	part("curve").innerHTML = curve || "";
	offer(done ? works : []);
};

part("cut").addEventListener("input", () => cut(part("cut").value));
const drag = (event) => {
	const box = part("pair").getBoundingClientRect();
	cut(Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * 100));
};
part("pair").addEventListener("pointerdown", (event) => {
	part("pair").setPointerCapture(event.pointerId);
	part("cut").focus({ preventScroll: true });
	drag(event);
});
part("pair").addEventListener("pointermove", (event) => {
	if (part("pair").hasPointerCapture(event.pointerId)) drag(event);
});
document.addEventListener("keydown", (event) => {
	if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
	visible("#paint")?.click();
});
// Gradio calls both places for pictures alike: whoever listens instead of looking should know which is which.
for (const slot of document.querySelectorAll(".slot")) {
	const label = slot.querySelector('[data-testid="block-label"]');
	slot.setAttribute("role", "group");
	if (label) slot.setAttribute("aria-label", label.textContent.trim());
}
cut(50);
show();
watch("value", show);
