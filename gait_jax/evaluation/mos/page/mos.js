"use strict";
// Shows one rater the clips of study.js, and saves what they answer. The page does not know what the
// clips are: that stands in the key, which is elsewhere.

const SCALE = ["1 Bad", "2 Poor", "3 Fair", "4 Good", "5 Excellent"];
const CODE = "[A-Za-z0-9_\\-]{1,32}";
// From a file there is nobody to ask, nor to send anything to.
const SERVED = location.protocol.startsWith("http");

const { page, sheets, fours } = window.STUDY;
const rater = { code: "", sheet: 0, clips: [], fours: [], ratings: [], chosen: [] };
const jsPsych = initJsPsych({ display_element: "page", on_finish: save });

const element = (selector) => document.querySelector(selector);
const video = (name) =>
  `<video src="clips/${name}.mp4" muted playsinline preload="auto" disablepictureinpicture></video>`;
const address = () => `ratings/${rater.code}`;

// What follows from the code alone: which clips, in which order.
function begin(code) {
  jsPsych.randomization.setSeed(`${page} ${code}`);
  rater.code = code;
  rater.sheet = Math.floor(Math.random() * sheets.length);
  rater.clips = jsPsych.randomization.shuffle(sheets[rater.sheet]);
  rater.fours = jsPsych.randomization.shuffle(fours).map(jsPsych.randomization.shuffle);
  window.addEventListener("beforeunload", warn);
}

// So that nobody loses an hour's answers to a wrong key.
function warn(event) {
  event.preventDefault();
}

// Whether there are ratings under this code already.
async function taken() {
  try {
    return (await fetch(address(), { method: "HEAD", cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

// Holds a code back until it is known to be free.
function checkCode() {
  const form = element("form");
  let free = false;
  form.addEventListener("submit", async (event) => {
    if (free) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    rater.code = element("#code").value;
    free = !(await taken());
    if (free) form.requestSubmit();
    else element(".wrong").textContent =
      `There are ratings under the code ${rater.code} already. Ask for another code.`;
  }, true);
}

// Plays what is shown, and allows an answer once all of it was seen to its end.
function watch() {
  const clips = [...document.querySelectorAll("video")];
  const again = element(".again");
  const unseen = new Set(clips);
  const hint = (text) => { element(".hint").textContent = text; };
  const play = () => {
    for (const clip of clips) {
      clip.currentTime = 0;
      clip.play().catch((error) => {
        if (error.name === "NotAllowedError") again.disabled = false;
      });
    }
  };
  for (const clip of clips) {
    clip.addEventListener("ended", () => {
      unseen.delete(clip);
      if (unseen.size) return;
      again.disabled = false;
      again.textContent = "See again";
      hint("");
      for (const button of document.querySelectorAll(".choice")) button.disabled = false;
    });
    clip.addEventListener("error", () => {
      hint("This clip cannot be played here. Please tell whoever invited you.");
    });
  }
  again.addEventListener("click", play);
  play();
}

const shown = (count, question, kind, clips) => `
  <p class="count">${count}</p>
  <p class="asked">${question}</p>
  <div class="clips ${kind}">${clips}</div>
  <button class="again" type="button" disabled>Play</button>
  <p class="hint">You can answer when you have seen it to its end.</p>`;

const answering = {
  type: jsPsychHtmlButtonResponse,
  button_html: (choice) => `<button class="choice" disabled>${choice}</button>`,
  button_layout: "flex",
  on_load: watch,
};

const told = (html, go) => ({
  type: jsPsychHtmlButtonResponse,
  stimulus: `<div class="text">${html}</div>`,
  choices: [go],
  button_html: (choice) => `<button class="go">${choice}</button>`,
  button_layout: "flex",
});

const welcome = {
  type: jsPsychSurveyHtmlForm,
  preamble: `<div class="text">
    <h1>How natural do these people walk?</h1>
    <p>You will see ${sheets[0].length} short clips of people who walk, and say of each how natural the
    walk looks.${fours.length ? ` Then you will see ${fours.length} times four clips at once, and say which
    of the four is not real.` : ""}</p>
    <p>Taking part is up to you. You can stop at any time by closing this page: then nothing is kept.
    What is kept in the end is your code and your answers. Please give the code that you were given,
    and not your name.</p></div>`,
  html: `<div class="text"><label for="code">Your code</label>
    <input type="text" id="code" name="code" required pattern="${CODE}" maxlength="32"
      title="letters, digits, - and _" autocapitalize="off" spellcheck="false">`,
  button_label: "I take part",
  autofocus: "code",
  on_load: () => {
    element("form").insertAdjacentHTML("beforeend", '<p class="wrong text" role="alert"></p>');
    if (SERVED) checkCode();
  },
  on_finish: (data) => begin(data.response.code),
};

const rating = sheets[0].map((_, i) => ({
  ...answering,
  stimulus: () => shown(
    `Clip ${i + 1} of ${sheets[0].length}`, "How natural does the walk look?", "one",
    video(rater.clips[i])),
  choices: SCALE,
  on_finish: (data) => rater.ratings.push([rater.clips[i], data.response + 1]),
}));

const choosing = fours.map((_, i) => ({
  ...answering,
  stimulus: () => shown(
    `Set ${i + 1} of ${fours.length}`, "Which of these four is not real?", "four",
    rater.fours[i].map((name, k) => `<figure>${video(name)}<figcaption>${k + 1}</figcaption></figure>`)
      .join("")),
  choices: ["1", "2", "3", "4"],
  on_finish: (data) =>
    rater.chosen.push({ shown: rater.fours[i], chosen: rater.fours[i][data.response] }),
}));

async function save() {
  window.removeEventListener("beforeunload", warn);
  const answers = { page, rater: rater.code, sheet: rater.sheet, ratings: rater.ratings,
    chosen: rater.chosen };
  const text = JSON.stringify(answers);
  const name = `ratings-${rater.code}.json`;
  const file = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("#page").innerHTML = `<div class="text"><h1>Thank you</h1>
    <p id="done">Your answers are being saved …</p>
    <p><a class="save" href="${file}" download="${name}">Save the file again</a></p></div>`;
  element(".save").click();
  element("#done").textContent = await sent(text)
    || `Your answers are in the file ${name}, among your downloads. Please give it to whoever `
    + "invited you.";
}

// Sends the answers where they are received: what is to be told; empty where they are not.
async function sent(text) {
  if (!SERVED) return "";
  try {
    const { status } = await fetch(address(), { method: "POST", body: text });
    if (status === 201) return "Your answers were received. You can close this page.";
    if (status === 409) return `There are answers under the code ${rater.code} already, so yours were `
      + "not taken. Please give the file among your downloads to whoever invited you.";
  } catch {
    // The file is there.
  }
  return "";
}

jsPsych.run([
  welcome,
  told(`<h1>First part</h1><p>Look at how the person moves and what the person looks like. Rate each
    clip from 1 (bad: nobody walks like that) to 5 (excellent: entirely natural). The background does
    not matter. There is no right or wrong. You can see a clip again before you rate it, and cannot
    go back to it afterwards.</p>`, "Start"),
  ...rating,
  ...(fours.length ? [told(`<h1>Second part</h1><p>Now you see four clips at once. Three are
    recordings of real walks as they were, one was changed by a computer. Say which one is not real;
    where you cannot tell, guess.</p>`, "Start")] : []),
  ...choosing,
]);
