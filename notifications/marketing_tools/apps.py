from django.apps import AppConfig


class MarketingToolsConfig(AppConfig):
    name = "notifications.marketing_tools"
    label = "marketing_tools"
