"""Who a user of WeChat's mini-program is: ``wx.login`` gives the program a code, and WeChat tells us whose it is.

The ``session_key`` that comes with the answer could read what WeChat encrypts for the user: it is dropped at once.
"""

from __future__ import annotations

import structlog

from search_api.account_settings import WeChatSettings
from search_api.people.errors import AccountError
from search_api.people.outside import OutsideError, ask_json

_PATH = "/sns/jscode2session"
#: WeChat's own busy signal; to be tried again at once, its documentation says.
_BUSY = -1
_CODES = {
    40029: "wechat_code",
    40163: "wechat_used",
    45011: "wechat_often",
    40226: "wechat_refused",
    _BUSY: "wechat_busy",
}
_ATTEMPTS = 2
_OFTEN_SECONDS = 60.0
LONGEST_CODE = 200
_log = structlog.get_logger()


def open_id(settings: WeChatSettings, code: str) -> str:
    """Return WeChat's name for a user, within this mini-program, for the code that ``wx.login`` gave.

    Raises:
        AccountError: ``not_configured``, or ``wechat_…`` for what WeChat says.
    """
    if not settings.is_on:
        raise AccountError("not_configured")
    asked = {
        "appid": settings.app_id,
        "secret": settings.secret_value(),
        "js_code": code,
        "grant_type": "authorization_code",
    }
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _, answer = ask_json("GET", settings.base_url + _PATH, query=asked)
        except OutsideError as error:
            _log.warning("wechat_unreachable", error=str(error))
            raise AccountError("wechat_busy", wait=5.0) from None
        if answer.get("errcode", 0) != _BUSY or attempt == _ATTEMPTS:
            break
    number = answer.get("errcode", 0)
    found = answer.get("openid")
    if number == 0 and isinstance(found, str) and found:
        return found
    # An unknown number (40013: the app id is wrong) is for whoever runs the library; readers can only try again.
    _log.warning("wechat_refused", errcode=number)
    name = _CODES.get(number, "wechat_busy") if isinstance(number, int) else "wechat_busy"
    raise AccountError(name, wait=_OFTEN_SECONDS if name == "wechat_often" else None)
