"""Messages out of templates: pure rendering, no models and no network.

    template = builtin("shipment_shipped", "de-AT", "email")
    mail = render(template, context)          # Rendered(subject, preheader, html, text)

`sandbox` and `filters` hold untrusted templates in; `context` says what they may see.
"""

from .catalog import TOUCHPOINTS, VARIANTS, mjml_source, text_source, words
from .errors import TemplateError
from .formats import date_time, delivery_window, money
from .mjml import compile_mjml
from .samples import sample_context
from .sms import segments
from .templates import (
    Channel,
    CompiledTemplate,
    Rendered,
    builtin,
    email_template,
    render,
    render_push,
    render_sms,
    sms_template,
    worded,
)

__all__ = [
    "TOUCHPOINTS",
    "VARIANTS",
    "Channel",
    "CompiledTemplate",
    "Rendered",
    "TemplateError",
    "builtin",
    "compile_mjml",
    "date_time",
    "delivery_window",
    "email_template",
    "mjml_source",
    "money",
    "render",
    "render_push",
    "render_sms",
    "sample_context",
    "segments",
    "sms_template",
    "text_source",
    "worded",
    "words",
]
