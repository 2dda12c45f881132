"""The project's own table of sites that send visitors: those that send most, search engines with the parameters of the
searched words, assistants, and the hosts and paths below a search engine's name that are another site. A further site
is one more line.
"""

from typing import Literal, NamedTuple

Medium = Literal["search", "social", "email", "paid", "ai_assistant", "unknown"]


class Site(NamedTuple):
    source: str
    medium: Medium
    term_parameters: tuple[str, ...] = ()


# source: (parameters of the searched words, hosts)
_SEARCH = {
    "Google": ("q as_q", "google.* encrypted.google.com cse.google.com com.google.android.googlequicksearchbox"),
    "Google Scholar": ("q", "scholar.google.*"),
    "Google Lens": ("q", "lens.google.com"),
    "Google Images": ("q", "images.google.*"),
    "Google News": ("q", "news.google.*"),
    "Google Shopping": ("q", "shopping.google.*"),
    "Bing": ("q", "bing.com cn.bing.com"),
    "Yahoo!": ("p q", "search.yahoo.* yahoo.*"),
    "Yahoo! Japan": ("p", "search.yahoo.co.jp yahoo.co.jp"),
    "DuckDuckGo": (
        "q",
        "duckduckgo.com html.duckduckgo.com lite.duckduckgo.com start.duckduckgo.com "
        "ddg.gg com.duckduckgo.mobile.android",
    ),
    "Yandex": ("text query", "yandex.* ya.ru"),
    "Baidu": ("wd word", "baidu.com m.baidu.com wap.baidu.com image.baidu.com"),
    "Sogou": ("query keyword", "sogou.com"),
    "360.cn": ("q", "so.com so.360.cn"),
    "Shenma": ("q", "sm.cn"),
    "Naver": ("query", "search.naver.com naver.com"),
    "Daum": ("q", "search.daum.net daum.net"),
    "Seznam": ("q", "seznam.cz"),
    "Ecosia": ("q", "ecosia.org"),
    "Qwant": ("q", "qwant.com"),
    "Startpage": ("query q", "startpage.com"),
    "Brave": ("q", "search.brave.com"),
    "Swisscows": ("query", "swisscows.com"),
    "MetaGer": ("eingabe", "metager.de metager.org"),
    "Mojeek": ("q", "mojeek.com"),
    "Kagi": ("q", "kagi.com"),
    "Presearch": ("q", "presearch.com"),
    "Ask": ("q", "ask.com"),
    "AOL": ("q query", "search.aol.* aol.*"),
    "Lycos": ("q query", "lycos.*"),
    "Rambler": ("query", "rambler.ru"),
    "Mail.ru": ("q", "go.mail.ru"),
    "Coc Coc": ("query", "coccoc.com"),
    "T-Online": ("q", "suche.t-online.de"),
    "WEB.DE": ("q su", "suche.web.de"),
    "GMX": ("q su", "suche.gmx.net"),
    "Onet": ("q qt", "szukaj.onet.pl"),
    "Wirtualna Polska": ("q", "szukaj.wp.pl"),
    "Virgilio": ("qs", "ricerca.virgilio.it"),
    "Dogpile": ("q", "dogpile.com"),
}
_SOCIAL = {
    "Facebook": "facebook.com fb.com fb.me com.facebook.katana",
    "Messenger": "messenger.com m.me com.facebook.orca",
    "Instagram": "instagram.com com.instagram.android",
    "Threads": "threads.net threads.com",
    "WhatsApp": "whatsapp.com wa.me com.whatsapp",
    "Twitter": "twitter.com x.com t.co com.twitter.android",
    "Bluesky": "bsky.app",
    "Mastodon": "mastodon.social mastodon.online",
    "LinkedIn": "linkedin.com lnkd.in com.linkedin.android",
    "Pinterest": "pinterest.* pin.it com.pinterest",
    "Reddit": "reddit.com redd.it com.reddit.frontpage",
    "TikTok": "tiktok.com",
    "Snapchat": "snapchat.com",
    "Youtube": "youtube.com youtu.be com.google.android.youtube",
    "Vimeo": "vimeo.com",
    "Twitch": "twitch.tv",
    "Telegram": "telegram.org telegram.me t.me org.telegram.messenger",
    "Discord": "discord.com discord.gg discordapp.com",
    "Slack": "slack.com com.slack",
    "Tumblr": "tumblr.com",
    "Quora": "quora.com",
    "Medium": "medium.com",
    "Flickr": "flickr.com",
    "Hacker News": "news.ycombinator.com hckrnews.com",
    "GitHub": "github.com",
    "StackOverflow": "stackoverflow.com",
    "XING": "xing.com",
    "Vkontakte": "vk.com vk.ru vkontakte.ru",
    "Odnoklassniki": "ok.ru odnoklassniki.ru",
    "Weibo": "weibo.com weibo.cn t.cn",
    "WeChat": "weixin.qq.com",
    "Qzone": "qzone.qq.com",
    "Douban": "douban.com",
    "Zhihu": "zhihu.com",
    "Line": "line.me",
    "KakaoTalk": "kakao.com",
    "Mixi": "mixi.jp",
    "LiveJournal": "livejournal.com",
    "Disqus": "disqus.com",
    "Foursquare": "foursquare.com",
    "Nextdoor": "nextdoor.com",
    "Taringa!": "taringa.net",
    "Viadeo": "viadeo.com",
    "Wykop": "wykop.pl",
    "Pocket": "getpocket.com",
    "Digg": "digg.com",
}
_EMAIL = {
    "Gmail": "mail.google.com com.google.android.gm",
    "Outlook.com": "outlook.live.com mail.live.com hotmail.com outlook.com com.microsoft.office.outlook",
    "Office 365": "outlook.office.com outlook.office365.com",
    "Yahoo! Mail": "mail.yahoo.* mail.yahoo.net mail.yahoo.co.jp com.yahoo.mobile.client.android.mail",
    "AOL Mail": "mail.aol.*",
    "iCloud Mail": "icloud.com",
    "Proton Mail": "mail.proton.me mail.protonmail.com",
    "GMX": "navigator.gmx.net deref-gmx.net deref-gmx.com",
    "WEB.DE": "navigator.web.de deref-web.de",
    "T-Online": "email.t-online.de",
    "Orange Webmail": "webmail.orange.fr mail01.orange.fr",
    "Free": "webmail.free.fr zimbra.free.fr",
    "Mail.ru": "e.mail.ru",
    "Yandex Mail": "mail.yandex.*",
    "Seznam Mail": "email.seznam.cz",
    "Onet Poczta": "poczta.onet.pl",
    "WP Poczta": "poczta.wp.pl",
    "Naver Mail": "mail.naver.com",
    "Daum Mail": "mail.daum.net",
    "QQ Mail": "mail.qq.com",
    "163 Mail": "mail.163.com",
    "126 Mail": "mail.126.com",
    "Zoho Mail": "mail.zoho.com",
    "Fastmail": "fastmail.com",
}
_AI_ASSISTANT = {
    "ChatGPT": "chatgpt.com chat.openai.com com.openai.chatgpt",
    "Claude": "claude.ai claude.com com.anthropic.claude",
    "Copilot": "copilot.microsoft.com copilot.cloud.microsoft m365.cloud.microsoft copilot.com com.microsoft.copilot",
    "Gemini": "gemini.google.com bard.google.com com.google.android.apps.bard",
    "NotebookLM": "notebooklm.google.com notebooklm.google",
    "Google AI Studio": "aistudio.google.com",
    "Perplexity": "perplexity.ai perplexity.com ai.perplexity.app.android",
    "Grok": "grok.com grok.x.ai ai.x.grok",
    "DeepSeek": "deepseek.com com.deepseek.chat",
    "Mistral": "mistral.ai ai.mistral.chat",
    "Meta AI": "meta.ai ai.meta.com com.facebook.stella",
    "You.com": "you.com",
    "Poe": "poe.com com.poe.android",
    "Phind": "phind.com",
    "iAsk": "iask.ai",
    "Duck.ai": "duck.ai",
    "Character.AI": "character.ai",
    "Pi": "pi.ai",
    "Qwen": "qwen.ai qwenlm.ai tongyi.aliyun.com tongyi.com qianwen.com",
    "Kimi": "kimi.com kimi.ai kimi.moonshot.cn",
    "Doubao": "doubao.com",
    "Baidu AI": "yiyan.baidu.com chat.baidu.com ai.baidu.com",
    "ChatGLM": "chatglm.cn chat.z.ai",
    "Hunyuan": "yuanbao.tencent.com hunyuan.tencent.com",
    "Genspark": "genspark.ai",
    "Manus": "manus.im",
    "Lumo": "lumo.proton.me",
    "HuggingChat": "hf.co/chat huggingface.co/chat",
    "Jasper": "app.jasper.ai",
    "Liner": "liner.com getliner.com",
    "Andi": "andisearch.com",
}
_PAID = {
    "Google": "googleadservices.com googlesyndication.com googleads.g.doubleclick.net ads.google.com",
    "DoubleClick": "doubleclick.net",
    "Outbrain": "paid.outbrain.com",
    "Taboola": "trc.taboola.com api.taboola.com",
    "Criteo": "criteo.com criteo.net",
    "AppNexus": "adnxs.com",
    "Amazon": "amazon-adsystem.com",
    "Awin": "awin1.com",
    "Tradedoubler": "tradedoubler.com",
    "Yandex Direct": "an.yandex.ru yabs.yandex.ru",
}
# Names below a search engine's, which are no search whatever stands before them.
_UNKNOWN = {
    "Google": "search.google.com",  # Search Console
    "Amazon": "amazon.*",  # the list has it as search
    "Yahoo!": "my.yahoo.* login.yahoo.*",
    "Yandex Market": "market.yandex.* m.market.yandex.*",
    "Yandex": "passport.yandex.* metrika.yandex.* disk.yandex.* maps.yandex.* translate.yandex.*",
    "Naver": "blog.naver.com cafe.naver.com",
    "Baidu": "tieba.baidu.com pan.baidu.com",
    "Outbrain": "outbrain.com",
    "Taboola": "taboola.com",
}
# Search engines whose own hosts have more than search: source: beginnings of the paths that are search, beside `/` and
# `/search`; others are unknown.
SEARCH_PATHS: dict[str, tuple[str, ...]] = {
    source: ("/search", *(f"/{path}" for path in paths.split()))
    for source, paths in {
        "Google": "url imgres imghp webhp m/search custom cse aclk pagead/aclk",
        "Bing": "ck/ images/search videos/search news/search aclk aclick",
        "Yahoo!": "yhs/search mobile/s",
        "Yandex": "yandsearch touchsearch msearch clck images video",
        "DuckDuckGo": "html lite l/ y.js",
        "Baidu": "s baidu link from= ssid=",
        "Naver": "",
        "Seznam": "",
        "AOL": "aol/search",
        "Kagi": "html images news videos",
        "Ecosia": "images news videos",
    }.items()
}

# Paths of a host that are another site: source: (medium, beginnings of addresses).
_PATHS: dict[str, tuple[Medium, str]] = {
    "Google Images": ("search", "google.*/imgres google.*/imghp"),
    "Google Shopping": ("search", "google.*/shopping"),
    "Google Maps": ("unknown", "google.*/maps"),
    "Google Travel": ("unknown", "google.*/travel google.*/flights"),
    "Google": ("unknown", "google.*/finance google.*/intl google.*/calendar google.*/accounts google.*/forms"),
    "Grok": ("ai_assistant", "x.com/i/grok twitter.com/i/grok"),
    "Copilot": ("ai_assistant", "bing.com/chat bing.com/copilotsearch"),
    "Bing Images": ("search", "bing.com/images"),
    "Bing": ("unknown", "bing.com/maps bing.com/account"),
    "HuggingChat": ("ai_assistant", "huggingface.co/chat hf.co/chat"),
    "Yandex Images": ("search", "yandex.*/images"),
    "Yandex Maps": ("unknown", "yandex.*/maps"),
}


def own_sites() -> dict[str, Site]:
    """By host, or by host and the path's beginning; ``name.*`` stands for a name with any country's end."""
    table = {
        host: Site(source, "search", tuple(parameters.split()))
        for source, (parameters, hosts) in _SEARCH.items()
        for host in hosts.split()
    }
    groups: tuple[tuple[Medium, dict[str, str]], ...] = (
        ("social", _SOCIAL),
        ("email", _EMAIL),
        ("paid", _PAID),
        ("ai_assistant", _AI_ASSISTANT),
        ("unknown", _UNKNOWN),
    )
    for medium, sites in groups:
        for source, hosts in sites.items():
            table.update({host: Site(source, medium) for host in hosts.split()})
    for source, (medium, addresses) in _PATHS.items():
        parameters = _SEARCH[source.split(" ")[0]][0].split() if medium == "search" else ()
        table.update({address: Site(source, medium, tuple(parameters)) for address in addresses.split()})
    return table
