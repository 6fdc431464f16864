"""What a change of the contract means for those who rely on it: `alphaedge-contract diff OLD NEW`.

A change is judged twice. *Clients* are programs that were written against OLD and talk to a server that conforms to
NEW. *Servers* are those that conform to OLD and are judged by NEW. A schema of a request or a response takes fewer
values than before, or more, or some of both:

    ==========  =====================  ====================================================================
    the schema  clients                servers
    ==========  =====================  ====================================================================
    request     breaking: what they    by the level of the keyword, for what it forbids must be refused:
    narrowed    send is refused        MUST breaking, SHOULD unclear, MAY safe
    request     safe                   breaking: what they refuse, or do not know, must be accepted
    widened
    response    safe                   by the level of the keyword: MUST breaking, SHOULD unclear, MAY safe
    narrowed
    response    breaking: an answer    safe
    widened     they do not know
    ==========  =====================  ====================================================================

Members that a schema does not name are the exception on either side. Of a request they are undecided (a server may
ignore or refuse them), so a program sends only members that OLD names, and one that NEW no longer names is lost. In a
response they are allowed anywhere, so a new member breaks nobody, and one that is gone and was optional is unclear.

Sentences of `x-requirements` follow their level: a new MUST breaks servers, a new SHOULD is unclear, a new MAY safe;
one that is gone is safe for servers and takes a guarantee from clients (MUST breaking, SHOULD unclear, MAY safe); a new
one whose id ends with `-refused` is unclear for clients, who may have sent that; other words are unclear for both.
A level that is raised is a new sentence, one that is lowered a lost one, and on a request concerns servers alone.

Each judgement starts with rules on keywords (`keywords`) and is then held against values (`drawing`): where JSON
Schema's algebra proves that no value tells OLD from NEW, the change is safe whatever the rule says; where Hypothesis
draws such a value, the change is breaking whatever the rule says, and the smallest value is shown. What neither
decides stays as the rule has it.

The version (`versions`): a change that breaks clients needs the next major version, or the next minor one while the
major version is 0; one that breaks servers alone, the next minor version, for a server is judged by the version that
it names. Without that, the exit code is 1, as for a version that was lowered. For what is added or unclear a minor
version is advised, for other words a patch; that is advice, and no failure.
"""
