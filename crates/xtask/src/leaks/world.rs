//! A world as a plan: who takes part, who says what under which label, what is taken back. The same seed, the same world,
//! down to every id. Nothing here is written anywhere yet.

use model::{Label, MemberId, Tlp};

use super::oracle::{self, Served};
use super::people::{Circle, Client, Collection, Member, Person, Token};
use super::said::Said;

/// All of a world.
pub struct World {
    /// Which one, among those of a seed.
    pub number: u64,
    /// Visitors are let in.
    pub anonymous: bool,
    /// Members have declared what is their own.
    pub assets: bool,
    /// Who is whose client.
    pub clients: Vec<Client>,
    /// Organisations; the first is the node's own.
    pub members: Vec<Member>,
    /// Persons of them.
    pub persons: Vec<Person>,
    /// Tokens: those who write and those who read.
    pub tokens: Vec<Token>,
    /// Collections.
    pub collections: Vec<Collection>,
    /// Circles.
    pub circles: Vec<Circle>,
    /// What is done, in order, each with its number: ten seconds lie between two numbers.
    pub deeds: Vec<(usize, Deed)>,
    /// Which tokens there are; none is all.
    pub known_tokens: Vec<bool>,
    /// Which collections there are; none is all.
    pub known_collections: Vec<bool>,
}

/// Something done by somebody.
#[derive(Clone)]
pub enum Deed {
    /// Statements of a member under labels that no road writes yet: they name recipients, are under embargo, or come
    /// without a name.
    Direct {
        /// Whose.
        source: MemberId,
        /// What is said, each under its label.
        said: Vec<(Said, Label)>,
    },
    /// Objects sent by the bearer of a token.
    Post(Post),
    /// Everything of a member under an id is taken back by the bearer of a token.
    Withdraw {
        /// Its place among the tokens.
        token: usize,
        /// The object.
        id: String,
    },
    /// Everything under an id is erased by an administrator.
    Erase {
        /// His token's place.
        token: usize,
        /// The object.
        id: String,
    },
    /// All that a member said so far is recalled.
    Recall {
        /// The place of the token of whoever does.
        token: usize,
        /// Whose.
        member: MemberId,
        /// How far it comes.
        so_far: Recalled,
    },
}

/// How far a recall of all that a member said comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// All of it is taken back before anything else is done.
    Done,
    /// It is in force, and stays so: it cannot be carried out.
    InForce,
}

/// Objects sent in one request.
#[derive(Clone)]
pub struct Post {
    /// The place of the token among the tokens.
    pub token: usize,
    /// The place of the collection that they are sent through, if through one.
    pub collection: Option<usize>,
    /// The label of those that bring none.
    pub default: Tlp,
    /// Over TAXII, or by an import.
    pub taxii: bool,
    /// The objects.
    pub said: Vec<Said>,
}

impl Deed {
    /// What is said in it.
    pub fn said(&self) -> Vec<&Said> {
        match self {
            Deed::Direct { said, .. } => said.iter().map(|(said, _)| said).collect(),
            Deed::Post(post) => post.said.iter().collect(),
            Deed::Withdraw { .. } | Deed::Erase { .. } | Deed::Recall { .. } => Vec::new(),
        }
    }
}

impl World {
    /// Everything that is said in it, in order.
    pub fn all_said(&self) -> impl Iterator<Item = &Said> {
        self.deeds.iter().flat_map(|(_, deed)| deed.said())
    }

    /// Its tokens that are known.
    pub fn live_tokens(&self) -> impl Iterator<Item = &Token> {
        let all = self.known_tokens.is_empty();
        let known = move |at: usize| all || self.known_tokens.get(at).copied().unwrap_or(false);
        self.tokens.iter().enumerate().filter(move |(at, _)| known(*at)).map(|(_, token)| token)
    }

    /// Its collections that are known.
    pub fn live_collections(&self) -> impl Iterator<Item = &Collection> {
        let all = self.known_collections.is_empty();
        let known = move |at: usize| all || self.known_collections.get(at).copied().unwrap_or(false);
        self.collections.iter().enumerate().filter(move |(at, _)| known(*at)).map(|(_, one)| one)
    }

    /// What is done in it, for people, with what the submitters were told.
    pub fn show(&self, served: &Served) -> String {
        let mut text = format!("world {}, visitors {}\n", self.number, self.anonymous);
        for (number, deed) in &self.deeds {
            let what = match deed {
                Deed::Direct { source, .. } => {
                    format!("direct of {}", self.member(*source).map_or("", |member| &member.name))
                }
                Deed::Post(post) => {
                    let token = self.tokens.get(post.token);
                    let by = token.and_then(|token| self.member(token.member)).map_or("", |one| &one.name);
                    let Post { token, collection, default, taxii, .. } = post;
                    format!("post of {by} by token {token} to {collection:?}, {default}, TAXII {taxii}")
                }
                Deed::Withdraw { token, id } => format!("withdraw {id} by token {token}"),
                Deed::Erase { token, id } => format!("erase {id} by token {token}"),
                Deed::Recall { token, member, so_far } => {
                    let name = self.member(*member).map_or("", |member| &member.name);
                    format!("recall of {name} by token {token}, {so_far:?}")
                }
            };
            text.push_str(&format!("{number}: {what}\n"));
            for (place, said) in deed.said().into_iter().enumerate() {
                let told = oracle::told(served, *number, place);
                let Said { number, id, version, author, mark, part, broken, .. } = said;
                text.push_str(&format!(
                    "    {number} {told:?} {id} v{version} author {author:?} {mark:?} part {part:?} broken {broken}\n"
                ));
                if let Deed::Direct { said, .. } = deed
                    && let Some((_, label)) = said.get(place)
                {
                    text.push_str(&format!("        {label:?}\n"));
                }
            }
        }
        text
    }

    /// What is recalled as a whole: at which deed, by whom, whose.
    pub fn recall(&self) -> Option<(usize, usize, MemberId)> {
        self.deeds.iter().find_map(|(number, deed)| match deed {
            Deed::Recall { token, member, .. } => Some((*number, *token, *member)),
            _ => None,
        })
    }

    /// The member of that id.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }
}
