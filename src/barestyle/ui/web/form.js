// The form: pictures, look, and options. Its values are in the store; each part shows them and changes them.

import { create } from "./dom.js";
import { createChoices, createNumber } from "./fields.js";
import { receiveFiles } from "./incoming_files.js";
import { createOptions } from "./more_options.js";
import { createSlot } from "./picture_slot.js";
import { createSavedLooks } from "./saved_looks.js";
import { previewUrl } from "./server.js";
import { change, instantValues, isInstant, onAnswer, onChange, searchValues, store } from "./store.js";
import { createStyleSlots } from "./style_slots.js";
import { createThumbnails } from "./thumbnails.js";
import { createTrainedStyles } from "./trained_styles.js";

const STRENGTH_HINT = "From the photo (0) to all style (1)";
const SEARCH_ONLY = "Colors, stroke size, seed, start, film, regions and side by side are not for trained styles; the other looks have them.";
const SIZE_HINT = "Long side in pixels. Finished pictures can be enlarged.";
const INSTANT_SIZE_HINT = "Long side in pixels. Larger pictures have relatively finer strokes.";
const NO_STRENGTH_HINT = "Strength isn't adjustable for this look";
const VARIATIONS = [
	{ value: "nothing", title: "One picture" },
	{ value: "looks", title: "Looks" },
	{ value: "strengths", title: "Strengths" },
	{ value: "seeds", title: "Variations" },
	{ value: "styles", title: "Styles" },
];
const STRENGTHS = [0.2, 0.4, 0.6, 0.8, 1];

/** Build the form inside an element. `onPhoto` is called with the ids of photo and regions that the editor shall show. */
export function startForm(element, onPhoto) {
	const { page } = store;
	const photo = createSlot({
		id: "photo",
		label: "Photo",
		placeholder: "Choose a photo or drop it here",
		onPicture: (picture) => change({ photo: picture, regions: "" }),
	});
	const styles = createStyleSlots();
	const trained = createTrainedStyles();
	const samples = createThumbnails({ id: "photo-samples", label: "Sample photos", onChoose: photo.choose });
	const library = createThumbnails({ id: "style-library", label: "Style library", onChoose: styles.choose });
	samples.fill(page.photos);
	receiveFiles({ photo, styles, trained });

	const vary = createChoices({
		id: "vary",
		legend: "Side by side",
		onChange: (value) => change({ vary: value }),
		className: "choices compact",
	});
	vary.fill(VARIATIONS);
	const look = createLookChoice(false);
	const looks = createLookChoice(true);
	const strengths = createChoices({
		id: "strengths",
		legend: "Strengths",
		info: `Choose 2 to ${page.max_variations}. ${STRENGTH_HINT}.`,
		isMultiple: true,
		onChange: (values) => change({ strengths: values.map(Number) }),
		className: "choices compact",
	});
	strengths.fill(STRENGTHS.map((value) => ({ value: String(value), title: String(value) })));
	const count = createNumber({
		id: "count",
		label: "Number of variations",
		info: "Each has another seed",
		min: 2,
		max: page.max_variations,
		step: 1,
		onChange: (value) => change({ count: value }, { isGradual: true }),
	});
	const varyStyles = createChoices({
		id: "vary-styles",
		legend: "Styles",
		info: `Choose 2 to ${page.max_variations}. Each picture has one of them.`,
		isMultiple: true,
		onChange: (values) => change({ vary_styles: values }),
		className: "choices looks",
	});
	const strength = createNumber({
		id: "strength",
		label: "Strength",
		info: STRENGTH_HINT,
		min: 0,
		max: 1,
		step: 0.05,
		fieldStep: 0.01,
		onChange: (value) => change(isInstant(store.form) ? { instant: { ...store.form.instant, strength: value } } : { strength: value }, { isGradual: true }),
	});
	const searchOnly = create("p", { id: "search-only", class: "info", textContent: SEARCH_ONLY });
	const size = createNumber({
		id: "size",
		label: "Size",
		info: SIZE_HINT,
		min: page.min_size,
		max: page.slider_size,
		step: 32,
		fieldStep: 1,
		onChange: (value) => change({ size: value }, { isGradual: true }),
	});
	const colors = createChoices({
		id: "colors",
		legend: "Colors",
		onChange: (value) => change({ colors: value }),
		className: "choices compact",
	});
	colors.fill(page.colors);
	const saved = createSavedLooks();
	const more = createOptions(saved.saver);

	const fields = create(
		"div",
		{ class: "fields" },
		create("div", { class: "inputs" }, create("div", {}, photo.element, samples.element), create("div", {}, styles.element, library.element, trained.element)),
		...[vary, look, looks].map((part) => part.element),
		saved.chooser,
		...[strengths, count, varyStyles, strength, size].map((part) => part.element),
		searchOnly,
		...[colors, more].map((part) => part.element),
	);
	element.replaceChildren(fields);

	let shownPhoto = null;
	let shownLibrary = "";
	onChange((form) => {
		const uploads = page.uploads.filter((upload) => upload.id !== form.photo);
		const all = [...uploads.map(({ id, name }) => ({ id, title: name })), ...page.styles];
		const ids = all.map((entry) => entry.id).join();
		if (ids !== shownLibrary) {
			shownLibrary = ids;
			library.fill(all);
			varyStyles.fill(all.map((entry) => ({ value: entry.id, title: entry.title, image: previewUrl(entry.id) })));
		}
		photo.show(form.photo);
		samples.show([form.photo]);
		styles.show();
		library.show(form.styles.map((style) => style.picture));
		vary.show(form.vary);
		look.show(form.look, describeLook(form));
		looks.show(form.looks);
		strengths.show(form.strengths.map(String));
		count.show(form.count);
		varyStyles.show(form.vary_styles);
		showStrength(form);
		size.show(form.size, { text: isInstant(form) ? INSTANT_SIZE_HINT : SIZE_HINT });
		colors.show(form.colors);
		more.show(form);
		look.element.hidden = form.vary === "looks";
		looks.element.hidden = form.vary !== "looks";
		strengths.element.hidden = form.vary !== "strengths";
		count.element.hidden = form.vary !== "seeds";
		varyStyles.element.hidden = form.vary !== "styles";
		strength.element.hidden = form.vary === "strengths";
		const instant = isInstant(form);
		styles.element.hidden = library.element.hidden = instant || form.vary === "styles";
		trained.element.hidden = searchOnly.hidden = !instant;
		vary.element.hidden = colors.element.hidden = instant;
		document.querySelector("#regions").hidden = instant;
		trained.show(form);
		const wanted = `${store.loads} ${form.photo}`;
		if (wanted !== shownPhoto) {
			shownPhoto = wanted;
			onPhoto(form.photo, form.regions);
		}
	});
	onAnswer((answer) => {
		look.annotate({ ...answer.looks, [page.instant.name]: answer.instant });
		looks.annotate(answer.looks ?? {});
	});

	function showStrength(form) {
		if (isInstant(form)) return strength.show(form.instant.strength, { text: STRENGTH_HINT });
		const chosen = form.vary === "looks" ? form.looks : [form.look];
		const adjustable = page.looks.filter((each) => each.has_strength && chosen.includes(each.name));
		const isLoaded = form.look === page.loaded && form.vary !== "looks";
		const isAdjustable = adjustable.length > 0 || (isLoaded && form.spec?.content_loss?.kind === "luminance");
		const only = form.vary === "looks" && adjustable.length < chosen.length ? `; applies to ${adjustable.map((each) => each.title).join(" and ")} only` : "";
		strength.show(form.strength, { text: isAdjustable ? STRENGTH_HINT + only : NO_STRENGTH_HINT, isDisabled: !isAdjustable });
	}
}

/** Create the grid of looks: of radio buttons, or of check boxes to paint several. */
function createLookChoice(isMultiple) {
	const { page } = store;
	const choice = createChoices({
		id: isMultiple ? "looks" : "look",
		legend: isMultiple ? "Looks" : "Look",
		info: isMultiple ? `Choose 2 to ${page.max_variations}. They are painted one after the other.` : "",
		isMultiple,
		onChange: (value) => change(isMultiple ? { looks: value } : value === page.instant.name ? chooseInstant() : searchValues(value)),
		className: "choices looks",
	});
	const fill = (isLoaded) => {
		const options = page.looks.map((look) => ({ value: look.name, title: look.title, image: look.image, hint: look.description }));
		const { name, title, image, description } = page.instant;
		if (!isMultiple) options.unshift({ value: name, title, image, hint: description });
		if (isLoaded && !isMultiple) options.push({ value: page.loaded, title: "Loaded settings" });
		choice.fill(options);
	};
	let hasLoaded = null;
	return {
		...choice,
		show(value, text) {
			const isLoaded = Boolean(store.form.spec);
			if (isLoaded !== hasLoaded) fill((hasLoaded = isLoaded));
			choice.show(value, text);
		},
	};
}

/** Return the changes that choose the look of trained styles: with that of the style's picture, or the last one. */
function chooseInstant() {
	const { form, page } = store;
	const same = page.trained_styles.find(({ like }) => like && like === form.styles[0]?.picture);
	const isThere = page.trained_styles.some(({ style }) => style === form.instant.style);
	const { style, name } = same ?? (isThere ? form.instant : (page.trained_styles[0] ?? form.instant));
	return instantValues({ style, name });
}

function describeLook(form) {
	if (isInstant(form)) return store.page.instant.description;
	const look = store.page.looks.find((each) => each.name === form.look);
	return look ? look.description : "The look of an earlier result.";
}
