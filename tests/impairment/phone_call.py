"""The script by which a page has a phone call: see `phone_call.js`."""

from pathlib import Path
from typing import Final

PHONE_CALL: Final = Path(__file__).with_suffix(".js").read_text()
BEGIN: Final = "() => window.call.begin()"
END: Final = "() => window.call.end(true)"
END_UNSAID: Final = "() => window.call.end(false)"
