"""What a whole, well framed reply says to a reader who has never seen the module."""
import json
import re

ID = re.compile(r"[0-9a-f]{32}")
ROUTE = {7000, 7001, 7002, 7003}
CREDENTIAL = {1000, 1001, 6003, 9103, 9106, 9109, 10000, 10001, 10502}


class Twice(ValueError):
    pass


def once(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise Twice
    return dict(pairs)


def refuse(constant):
    raise ValueError(constant)


def codes_of(errors):
    """The codes of a failure and of what is chained to it; None where they could be read in two ways."""
    chained = [cause for error in errors for cause in error.get("error_chain") or [] if isinstance(cause, dict)]
    codes = [error["code"] for error in errors + chained if error.get("code") is not None]
    return codes if all(type(code) is int for code in codes) else None


def meaning_of_failure(status, errors):
    if not isinstance(errors, list) or not errors or not all(isinstance(error, dict) for error in errors):
        return "nothing"
    codes = codes_of(errors)
    if codes is None or not 400 <= status < 500 or status == 408:
        return "nothing"
    if status != 404:
        return "refusal"
    if not codes:
        return "nothing"  # a gateway's own
    return "absent" if not (ROUTE | CREDENTIAL) & set(codes) else "refusal"


def is_text(value):
    return isinstance(value, str) and value != ""


def carries(operation, result, id):
    """Whether the result of a yes holds what a yes to this operation must hold."""
    if operation == "roll":
        return is_text(result)
    if operation in ("list", "groups"):
        return isinstance(result, list)
    if not isinstance(result, dict):
        return False
    if operation == "create":
        return bool(ID.fullmatch(str(result.get("id")))) and is_text(result.get("value"))
    return result.get("id") == id


def meaning(status, body, operation, id):
    """proof; yes (one that lacks what it must carry); absent; refusal (any other); nothing (none of these)."""
    try:
        said = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError):
        return "nothing"
    if not isinstance(said, dict) or not isinstance(said.get("success"), bool):
        return "nothing"
    if not said["success"]:
        return meaning_of_failure(status, said.get("errors"))
    if status != 200:
        return "nothing"
    return "proof" if carries(operation, said.get("result"), id) else "yes"
