"""Ten thousand candidates: fetched page by page, drawn once, and light to move on."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.service.furniture import Ready
from tests.service.web.site import PATIENCE_MS, Visit

ROWS, COLUMNS = 50, 200
NUM = ROWS * COLUMNS


def candidate(number: int) -> dict[str, object]:
    row, column = divmod(number, COLUMNS)
    share = (column + 1) / COLUMNS
    loss = (1 - share) ** 3 / (1 + row)

    def estimate(value: float) -> dict[str, float]:
        return {"value": value, "standard_error": 0.1}

    return {
        "id": f"candidate_{number}", "neighbourhood": f"layer{row}", "kind": "width",
        "knobs": {"multiplier": share}, "kept": {}, "weights_sha256": "0" * 64,
        "cost": {"parameters": int(10_000 * share), "macs": int(1e6 * share), "bytes": 40_000},
        "score": {
            "accuracy": estimate(90 - 30 * loss), "accuracy_drop": estimate(30 * loss),
            "kl": estimate(loss), "logit_mse": estimate(loss), "agreement": None,
            "num_images": 1000,
        },
    }  # fmt: skip


def curve(axis: str) -> dict[str, object]:
    points = []
    for column in range(10, COLUMNS, 1):
        share = (column + 1) / COLUMNS
        value = 90 - 40 * (1 - share) ** 2
        cost = {"parameters": int(500_000 * share), "macs": int(5e7 * share), "bytes": 2_000_000}
        prediction = {"value": value, "standard_error": 1, "low": value - 2, "high": value + 2}
        points.append(
            {
                "cost": cost, "share": share, "loss": 1 - share, "predicted_accuracy": prediction,
                "choices": [f"candidate_{row * COLUMNS + column}" for row in range(ROWS)],
                "budget": {"parameters": cost["parameters"]},
            }
        )  # fmt: skip
    return {
        "library": "x", "axis": axis, "device": None, "teacher_cost": points[-1]["cost"],
        "teacher_accuracy": {"value": 90, "standard_error": 0.5}, "labels_from": "dataset",
        "num_undominated": None, "points": points, "uniform": points[::20], "measured": [],
    }  # fmt: skip


def answer_page(route: Route) -> None:
    query = parse_qs(urlsplit(route.request.url).query)
    first, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
    items = [candidate(number) for number in range(first, min(first + limit, NUM))]
    more = str(first + limit) if first + limit < NUM else None
    route.fulfill(json={"items": items, "next": more})


@pytest.mark.slow
def test_they_come_in_pages_and_stay_light(visit: Visit, ready: Ready) -> None:
    page = visit.page
    page.route("**/candidates?*", answer_page)
    page.route(
        "**/trade-off-curve?*",
        lambda route: route.fulfill(body=json.dumps(curve("parameters"))),
    )
    visit.open(f"/libraries/{ready.library}")
    page.locator("[data-plot=map] canvas").first.wait_for()
    expect(page.locator("[data-plot=map] .plot")).to_have_attribute(
        "aria-label", f"Heat map of {ROWS} neighbourhoods by {COLUMNS} candidates, "
        "coloured by KL divergence / millinats. The table shows every number.",
    )  # fmt: skip
    asked = [each for each in visit.requests if "/candidates?" in each]
    assert len(asked) == NUM / 500
    assert page.evaluate(STEPS) < PATIENCE_MS, "a step of the slider should take milliseconds"
    page.locator("[data-plot=map]").get_by_role("button", name="Table").click()
    assert page.locator("[data-plot=map] tbody tr").count() == 200
    page.get_by_role("button", name=f"Show 200 more of {NUM}").click()
    assert page.locator("[data-plot=map] tbody tr").count() == 400


STEPS = """async () => {
    const slider = document.querySelector("input[type=range]");
    const frame = () => new Promise(requestAnimationFrame);
    const begun = performance.now();
    for (let step = 0; step < 20; step += 1) {
        slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", cancelable: true }));
        await frame();
    }
    return (performance.now() - begun) / 20;
}"""
