"""What Schemathesis cannot read off our OpenAPI document: which token an operation takes, and formats of our own."""

import os
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies as st

# Cursors come from answers; to begin at the beginning is the one that is always right.
schemathesis.openapi.format("cursor", st.just(""))
schemathesis.openapi.format("time-zone", st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})))


# Asked for each case: a kept token would be sent to every operation.
@schemathesis.auth(refresh_interval=None)
class Tokens:
    def get(self, case, ctx):
        security = case.operation.definition.raw.get("security", [])
        is_operators = bool(security) and all("adminToken" in one for one in security)
        return os.environ["SPOT_ADMIN_TOKEN" if is_operators else "SPOT_TENANT_TOKEN"]

    def set(self, case, data, ctx):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.check
def no_invalid_request(ctx, response, case):
    """What the document allows is refused for a state, by a code of its own, and never for its input."""
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    if is_positive and response.status_code == 400 and response.json().get("code") == "invalid_request":
        raise AssertionError("invalid_request for what the document allows")


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Keeps the rules that no schema says (test/support/openapi/unsaid.ts), also where a phase passes over our formats."""
    spare_tenant(case)
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    query = dict(case.query or {})
    if "cursor" in query:
        query["cursor"] = ""
    if "to" in query:
        query.pop("from", None)
    case.query = query
    if isinstance(case.body, dict):
        case.body = with_one_overlay(with_own_role(with_formats(case.body)))
        if "deadline" in case.body:
            case.body["deadline"] = "none"


def spare_tenant(case):
    """The tenant whose token is sent stays, and so does the token: what would end either is about another tenant."""
    if case.operation.definition.raw["x-protocol-id"] in ("D2", "D3", "T3"):
        ids = case.path_parameters or {}
        if ids.get("client_id") == os.environ["SPOT_TENANT_ID"]:
            case.path_parameters = {**ids, "client_id": os.environ["SPOT_SPARE_ID"]}


def with_formats(value):
    """The same with what no pattern says: cursors that are ours, time zones that there are, URLs by their standard."""
    if isinstance(value, list):
        return [with_formats(one) for one in value]
    if not isinstance(value, dict):
        return value
    formats = {"cursor": "", "time_zone": "UTC", "timeZone": "UTC", "url": "https://hooks.example.com/spot"}
    return {
        name: formats[name] if name in formats and isinstance(inside, str) else with_formats(inside)
        for name, inside in value.items()
    }


def with_one_overlay(body):
    """No two overlays for the same at once, and none that ends before it begins."""
    lines = body.get("overlays")
    if not isinstance(lines, list):
        return body
    return {**body, "overlays": [{**line, "until": None} if isinstance(line, dict) else line for line in lines[:1]]}


def with_own_role(body):
    for role in ("role_arn", "aws_role_arn"):
        arn, account = body.get(role), body.get("aws_account_id")
        if isinstance(arn, str) and arn.count(":") >= 5:
            parts = arn.split(":")
            parts[4] = account if isinstance(account, str) else parts[4]
            body = {**body, role: ":".join(parts), "aws_account_id": parts[4]}
    return body
