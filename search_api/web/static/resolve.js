// Scanning codes with the camera, where the browser itself can read them (BarcodeDetector); elsewhere there is no button.
"use strict";
(async () => {
  const form = document.querySelector("form.find");
  const box = document.getElementById("code");
  const button = form.querySelector("button.scan");
  const video = document.querySelector("video.camera");
  const status = document.getElementById("scanning");
  const EVERY = 250;
  let stream = null, timer = 0;

  // The next code of a hand scanner, which types, replaces the one before.
  box.select();
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) { return; }
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  if (!formats.length) { return; }
  const detector = new BarcodeDetector({ formats });
  button.hidden = false;

  const stop = () => {
    clearTimeout(timer);
    if (stream) { stream.getTracks().forEach((track) => track.stop()); }
    stream = null;
    video.hidden = true;
    video.srcObject = null;
    button.textContent = button.dataset.scan;
    status.textContent = "";
  };
  const look = async () => {
    const codes = await detector.detect(video).catch(() => []);
    if (!stream) { return; }
    const read = codes.map((code) => code.rawValue).find((value) => value.trim());
    if (!read) { timer = setTimeout(look, EVERY); return; }
    stop();
    box.value = read.slice(0, box.maxLength);
    form.requestSubmit();
  };
  const start = async () => {
    button.disabled = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      button.textContent = button.dataset.stop;
      status.textContent = button.dataset.hold;
      look();
    } catch {
      stop();
      status.textContent = button.dataset.denied;
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => { if (stream) { stop(); } else { start(); } });
  addEventListener("pagehide", stop);
})();
