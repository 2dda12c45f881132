"""Sites that send visitors: what kind each is and, for search engines, which parameter holds the searched words.

Own table: the kept lists of this kind come with licences or packages that do not suit. It names the sites that make
up nearly all identifiable traffic, not every one there ever was; add a line for another.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Medium = Literal["search", "social", "email", "paid", "unknown"]


class Site(NamedTuple):
    source: str
    medium: Medium
    term_parameters: tuple[str, ...] = ()


# source: (parameters of the searched words, hosts)
_SEARCH = {
    "Google": ("q as_q", "google.* com.google.android.googlequicksearchbox"),
    "Google Images": ("q", "images.google.*"),
    "Google News": ("q", "news.google.*"),
    "Google Shopping": ("q", "shopping.google.*"),
    "Bing": ("q", "bing.com"),
    "Yahoo!": ("p q", "search.yahoo.* yahoo.*"),
    "Yahoo! Japan": ("p", "search.yahoo.co.jp yahoo.co.jp"),
    "DuckDuckGo": ("q", "duckduckgo.com ddg.gg com.duckduckgo.mobile.android"),
    "Yandex": ("text query", "yandex.* ya.ru"),
    "Baidu": ("wd word", "baidu.com"),
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
    "You.com": ("q", "you.com"),
    "Perplexity": ("q", "perplexity.ai"),
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
# Hosts of a search engine's owner where nobody searches: without these they would count as search.
_UNKNOWN = {
    "Google": "support.google.com developers.google.com maps.google.* accounts.google.* drive.google.com "
    "docs.google.com sites.google.com groups.google.* calendar.google.com meet.google.com chat.google.com "
    "classroom.google.com translate.google.* play.google.com myaccount.google.com tagassistant.google.com "
    "analytics.google.com search.google.com",
    "Yahoo!": "finance.yahoo.* news.yahoo.* answers.yahoo.com login.yahoo.com",
    "Yandex": "passport.yandex.* metrika.yandex.* disk.yandex.* maps.yandex.* translate.yandex.*",
    "Naver": "blog.naver.com cafe.naver.com",
    "Baidu": "tieba.baidu.com pan.baidu.com",
    "Outbrain": "outbrain.com",
    "Taboola": "taboola.com",
}


def _table() -> Mapping[str, Site]:
    """By host; ``name.*`` stands for a name with any country's end."""
    table = {
        host: Site(source, "search", tuple(parameters.split()))
        for source, (parameters, hosts) in _SEARCH.items()
        for host in hosts.split()
    }
    groups: tuple[tuple[Medium, dict[str, str]], ...] = (
        ("social", _SOCIAL),
        ("email", _EMAIL),
        ("paid", _PAID),
        ("unknown", _UNKNOWN),
    )
    for medium, sites in groups:
        for source, hosts in sites.items():
            table.update({host: Site(source, medium) for host in hosts.split()})
    return MappingProxyType(table)


SITES = _table()
