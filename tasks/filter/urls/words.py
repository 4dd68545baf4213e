"""smelt's own small lists for URLs: hosts and words of pornography, gambling and pharmacy spam, and piracy.

A starting point that needs no download, written for precision: words that health, education, law or news use too
are soft, or left out. A crawl deserves a real blocklist beside it (`filter.url_lists.folders`, for instance UT1's).
A change here changes signals: raise the VERSION of `tasks.filter.signals`.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HOSTS = _words("""
    pornhub.com xvideos.com xnxx.com xhamster.com redtube.com youporn.com tube8.com spankbang.com chaturbate.com
    livejasmin.com stripchat.com bongacams.com cam4.com brazzers.com onlyfans.com motherless.com eporner.com
    beeg.com txxx.com hclips.com hqporner.com rule34.xxx e-hentai.org nhentai.net hanime.tv literotica.com
    xxx adult porn sex
""")  # the last line: top-level domains of the business
HARD_WORDS = _words("""
    porn porno pornos porns pornhub pornstar pornstars xxxx xvideos xnxx xhamster redtube youporn
    hentai milf milfs gilf blowjob blowjobs handjob cumshot cumshots creampie gangbang bukkake deepthroat footjob
    camgirl camgirls camsex sexcam sexcams livesex cybersex upskirt shemale shemales femdom hotwife cuckold threesome
    dildo dildos fleshlight pussies titties bigtits boobies fuckbook
    escortservice escorte escortes pornofilm pornofilme sexfilme sexfilm nacktbilder pornovideo pornovideos
    videosxxx tetonas pornogratis
""")
SOFT_WORDS = _words("""
    sex sexy nude nudes naked erotic erotica amateur anal babes busty boobs tits hardcore softcore fetish bdsm
    bondage swinger swingers escort escorts webcam webcams camshow orgasm orgy horny slut sluts nudity lingerie
    casino casinos poker roulette blackjack jackpot betting bookmaker sportsbook gambling
    viagra cialis levitra kamagra
    payday loans replica replicas knockoff torrent torrents warez keygen crack cracked nulled serialkey
    masturbation masturbating pornography fucking putas pussy xxx
    nackt erotik erotisch sexe desnuda desnudas sexo
""")
# Telling even inside of other words; long enough to stand in no harmless one.
SUBWORDS = _words("""
    freeporn gayporn teenporn pornvideo pornmovie pornpic pornsex sexporn xxxvideo xxxmovie xxxpic livecams sexchat
    nudecam freesex hotsex sexvideo sexmovie hardcoresex sexdating adultdating adultfriend adultcam
    onlinecasino casinoonline freeslots slotmachine onlinepoker pokeronline casinobonus bettingsite
    buyviagra viagraonline cheapviagra genericviagra buycialis cialisonline cheapcialis genericcialis
    onlinepharmacy canadianpharmacy paydayloan replicawatch fakewatch essaywriting crackdownload keygendownload
""")
