"""The box for a question: what it offers and holds, and what is sent."""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from ..scripted import Scripted

ANSWER = [{"reply": [{"text": "I have read it."}]}]
# as the browser does when something is pasted
PASTE = """
async ([size, type, text]) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = size;
  const context = canvas.getContext('2d');
  context.fillStyle = '#246';
  context.fillRect(0, 0, size[0], size[1] / 2);
  const blob = await new Promise(done => canvas.toBlob(done, type));
  const data = new DataTransfer();
  data.items.add(new File([blob], 'image.png', {type}));
  if (text) data.setData('text/plain', text);
  const box = document.querySelector('.jp-FrevaGPT-input textarea');
  return box.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}
"""


def box(page: Page) -> Locator:
    return page.locator(".jp-FrevaGPT-input textarea")


def offers(page: Page) -> Locator:
    return page.locator(".jp-FrevaGPT-offer[role=option]")


def chips(page: Page) -> Locator:
    """Return the chips of the question that is being written."""
    return page.locator(".jp-FrevaGPT-input .jp-FrevaGPT-chip")


def names(page: Page) -> Locator:
    """Return how they are called, without what is shown of them."""
    return chips(page).locator(".jp-FrevaGPT-chip-name")


def active(page: Page) -> str:
    """Return the option that the box names as active."""
    name = box(page).get_attribute("aria-activedescendant")
    assert name
    return page.locator(f"[id='{name}']").inner_text()


def sent(page: Page, service: Scripted) -> str:
    """Send what stands in the box by the keyboard; return the text of the message that the model got."""
    box(page).press("Enter")
    expect(page.locator(".jp-FrevaGPT-answer").last).to_contain_text("I have read it.", timeout=20_000)
    content = service.requests()[-1]["body"]["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def pictures(service: Scripted) -> list[Image.Image]:
    content = service.requests()[-1]["body"]["messages"][-1]["content"]
    parts = [part for part in content if part["type"] == "image_url"] if isinstance(content, list) else []
    return [Image.open(BytesIO(base64.b64decode(part["image_url"]["url"].partition(",")[2]))) for part in parts]


def drag(page: Page, source: Locator, target: Locator) -> None:
    source.click()
    start, end = source.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] / 2 + 12, start["y"] + start["height"] / 2 + 12, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
    page.mouse.up()


def choose_model(page: Page, name: str) -> None:
    page.locator(".jp-FrevaGPT-model select").select_option(name)
