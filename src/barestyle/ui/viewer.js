const part = (name) => element.querySelector(`[data-part="${name}"]`);
const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");
const isBusy = (phase) => phase === "waiting" || phase === "painting";
let phase = "empty";
let selected = null; // index of the picture that is compared, where there are several
let galleryUrls = ""; // the pictures in the gallery, so that it is rebuilt only when they change

const setProperty = (name, property, value) => {
	const node = part(name);
	if (node[property] !== value) node[property] = value;
};

const createLink = (file, text, className) => {
	const link = document.createElement("a");
	link.href = file.url;
	link.download = file.orig_name;
	link.textContent = text;
	link.className = className;
	return link;
};

const createButton = (onClick) => {
	const button = document.createElement("button");
	button.type = "button";
	button.addEventListener("click", onClick);
	return button;
};

const select = (index) => {
	selected = index;
	render();
};

const moveDivider = (percent) => {
	part("divider").value = percent;
	part("comparison").style.setProperty("--divider", `${percent}%`);
};

const showComparison = (image) => {
	setProperty("before", "src", image.before.url);
	setProperty("after", "src", image.after.url);
	part("after").alt = `The painted picture: ${image.title}`;
	part("comparison").style.setProperty("--ratio", image.ratio);
};

const createTile = (image, index) => {
	const thumbnail = document.createElement("img");
	thumbnail.src = image.after.url;
	thumbnail.alt = "";
	const title = document.createElement("strong");
	title.textContent = image.title;
	const duration = document.createElement("span");
	duration.textContent = image.duration;
	const button = createButton(() => {
		select(index);
		part("divider").focus();
	});
	button.setAttribute("aria-label", `${image.title}, ${image.duration}: compare with the photo`);
	button.append(thumbnail, title, duration);
	const tile = document.createElement("li");
	tile.append(button, createLink(image.picture, "Picture", "plain"), createLink(image.record, "Record", "plain"));
	return tile;
};

const updateGallery = (images) => {
	const urls = JSON.stringify(images.map((image) => image.picture.url));
	if (urls === galleryUrls) return;
	galleryUrls = urls;
	part("gallery").replaceChildren(...images.map(createTile));
};

const updateLinks = (image, hasBackButton) => {
	const links = [];
	if (image) {
		links.push(createLink(image.picture, "Download picture", "primary"));
		links.push(createLink(image.record, "Download record", "secondary"));
	}
	if (hasBackButton) {
		const back = createButton(() => {
			const last = selected;
			select(null);
			part("gallery").querySelectorAll("button")[last].focus();
		});
		back.className = "secondary";
		back.textContent = "Show all";
		links.push(back);
	}
	part("links").replaceChildren(...links);
	part("links").hidden = links.length === 0;
};

const findVisible = (selector) => {
	const node = document.querySelector(selector);
	return node && node.offsetParent !== null ? node : null;
};

const moveFocus = (selector) => {
	if (document.activeElement && document.activeElement !== document.body) return;
	findVisible(selector)?.focus({ preventScroll: true });
};

const changePhase = (next) => {
	if (next === phase) return;
	const hasStarted = isBusy(next) && !isBusy(phase);
	const hasEnded = isBusy(phase) && !isBusy(next);
	phase = next;
	if (hasStarted) {
		selected = null;
		const behavior = reducedMotion.matches ? "auto" : "smooth";
		if (window.innerWidth < 900) element.scrollIntoView({ behavior, block: "start" });
	}
	if (hasEnded && selected === null) moveDivider(50);
	// The button that was pressed has just been hidden and has lost the focus; the other one takes it.
	if (hasStarted) setTimeout(() => moveFocus("#stop"), 150);
	if (hasEnded) setTimeout(() => moveFocus("#paint"), 150);
};

const render = () => {
	const value = props.value || { phase: "empty", images: [] };
	const images = value.images || [];
	changePhase(value.phase);
	const isChoice = images.length > 1 || isBusy(value.phase); // a gallery, now or when the next picture is finished
	const compared = isChoice ? images[selected] : images[0];
	part("viewer").dataset.phase = value.phase;
	if (compared) showComparison(compared);
	setProperty("comparison", "hidden", !compared);
	if (value.frame) setProperty("frame", "src", value.frame);
	const showsFrame = value.phase === "painting" && Boolean(value.frame) && !compared;
	setProperty("frame", "hidden", !showsFrame);
	updateGallery(isChoice ? images : []);
	setProperty("gallery", "hidden", Boolean(compared) || !isChoice || images.length === 0);
	const isStarting = isBusy(value.phase) && !value.frame && images.length === 0;
	setProperty("hint", "hidden", value.phase !== "empty" && !isStarting);
	setProperty("hint", "textContent", isStarting ? "One moment…" : "Your picture will appear here.");
	const isSelected = isChoice && compared;
	setProperty("headline", "textContent", (isSelected ? `${compared.title}. ${compared.headline}` : value.headline) || "");
	setProperty("details", "textContent", (isSelected ? "" : value.details) || "");
	setProperty("progress", "hidden", value.phase !== "painting");
	setProperty("progress", "value", value.share || 0);
	const curve = compared ? compared.curve : value.curve;
	setProperty("figure", "hidden", !curve);
	part("curve").innerHTML = curve || "";
	updateLinks(compared, Boolean(isSelected));
};

part("divider").addEventListener("input", () => moveDivider(part("divider").value));
const drag = (event) => {
	const box = part("comparison").getBoundingClientRect();
	moveDivider(Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * 100));
};
part("comparison").addEventListener("pointerdown", (event) => {
	part("comparison").setPointerCapture(event.pointerId);
	part("divider").focus({ preventScroll: true });
	drag(event);
});
part("comparison").addEventListener("pointermove", (event) => {
	if (part("comparison").hasPointerCapture(event.pointerId)) drag(event);
});
document.addEventListener("keydown", (event) => {
	if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
	findVisible("#paint")?.click();
});
// Gradio gives both image inputs the same accessible names; a group's name tells them apart.
for (const input of document.querySelectorAll(".image-input")) {
	const label = input.querySelector('[data-testid="block-label"]');
	input.setAttribute("role", "group");
	if (label) input.setAttribute("aria-label", label.textContent.trim());
}
moveDivider(50);
render();
watch("value", render);
