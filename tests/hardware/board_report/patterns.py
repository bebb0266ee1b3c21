"""What serial numbers and addresses look like: expressions, and what is written in the place of what they find."""

from typing import Tuple

_LABEL = r"(?:serial[ _-]?(?:number|num|no\b\.?)|v?die[ _-]?id|bar[ _-]?code|product[ _-]?sn|uuid|imei)"
_VALUE = r"[^\s,;|\\\"'{}]+(?: [0-9A-F]{8}\b)*"
IDENTITIES: Tuple[Tuple[str, str], ...] = (
    (rf"(?i)(?<![a-z0-9])({_LABEL}[\\\"']*(?:\s*[:=]\s*|\s+)[\\\"']*){_VALUE}", r"\1<serial>"),
    (rf"(?i)(?<![a-z0-9])((?:serial|s/?n)[\\\"']*\s*[:=]\s*[\\\"']*){_VALUE}", r"\1<serial>"),
    (r"(?i)(?<![a-z0-9])((?:serial|s/?n)\s+)(?=[a-z-]*\d)[a-z0-9-]{6,}", r"\1<serial>"),
    (r"\b(?:210[23]|03)(?=\d*[A-Z])[0-9A-Z]{10,20}\b", "<serial>"),  # Huawei's own form
    (
        r"(?i)\b(\w*(?:secret|passw(?:or)?d|api_?key|access_?key|token)\w*[\"']?\s*=\s*[\"']?)[^\s,;\"']+",
        r"\1<secret>",
    ),
)
ADDRESSES: Tuple[Tuple[str, str], ...] = (
    (r"\b([A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"<>]+", r"\1<url>"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", "<user>@<host>"),
    (r"\b[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\b", "<mac>"),
    (r"(?<![\w.])[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){2}(?![\w.]*\w)", "<mac>"),
    (r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])", "<ip>"),
    (
        r"(?<![\w:.])(?=[0-9a-fA-F:]*\d)(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?::(?:[0-9a-fA-F]{1,4}[:.]?)*(?![\w:])",
        "<ip>",
    ),
    (r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)", "<ip>"),
    (r"\b[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b", "<uuid>"),
    (
        r"(?<![\w.-])(?:[A-Za-z0-9-]+\.)+(?:com|net|org|edu|gov|cn|internal|intranet|lan|localdomain)(?!\.?[\w(-])",
        "<host>",
    ),
    (
        r"(?<![\w.-])(?:[A-Za-z0-9-]+\.){2,}(?:local|corp|home|ai|io|de|eu|fr|hk|jp|kr|ru|sg|tw|uk)(?!\.?[\w(-])",
        "<host>",
    ),
    (r"(?<![\w~<>/])~[A-Za-z][\w.-]*", "~<user>"),
)
