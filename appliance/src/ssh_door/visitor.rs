//! Somebody at the door: how he proves who he is, and what he asks for. What is not answered here is
//! refused by the library: forwarding, X11, agents, variables of the environment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use luna_rest::Secret;
use luna_rest::ssh::{Entered, Proof};
use russh::keys::HashAlg;
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Response};
use russh::server::{Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelOpenFailure, MethodSet, Pty, Sig};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::ssh_door::Door;
use crate::ssh_door::files::Files;
use crate::ssh_door::shell::{self, Control};
use crate::ssh_door::terminal::{Size, Wanted};
use crate::ssh_door::{scp, sftp};

/// How many channels a connection may have open.
const CHANNELS: usize = 10;
/// The longest command.
const LINE: usize = 16 * 1024;

/// Somebody who has been let in.
pub(super) struct Person {
    pub(super) door: Arc<Door>,
    pub(super) user: String,
    pub(super) from: SocketAddr,
    pub(super) entered: Entered,
    /// What files are reached with.
    login: Login,
}

impl Person {
    /// Of the session that files are reached with.
    pub(super) fn cookie(&self) -> &Secret {
        self.login.cookie()
    }

    /// Opens a further session of the same account.
    pub(super) async fn session(&self) -> Option<Login> {
        let proof = Proof::Session(self.cookie().clone());
        let cookie = self.door.enter(self.from, &self.user, proof).await?.0?;
        Some(Login { door: Arc::clone(&self.door), from: self.from, cookie })
    }
}

/// A session with the appliance, which ends with this.
pub(super) struct Login {
    door: Arc<Door>,
    from: SocketAddr,
    cookie: Secret,
}

impl Login {
    pub(super) fn cookie(&self) -> &Secret {
        &self.cookie
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let (door, from, cookie) = (Arc::clone(&self.door), self.from, self.cookie.clone());
        // Outside of a runtime the appliance stops, and its sessions with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { door.leave(from, &cookie).await });
        }
    }
}

/// A channel before and after it has something to do.
struct Open {
    /// Taken by what runs on it.
    channel: Option<Channel<Msg>>,
    terminal: Option<Wanted>,
    control: Option<Control>,
}

/// One connection.
pub(super) struct Visitor {
    door: Arc<Door>,
    from: SocketAddr,
    /// How he may prove who he is.
    methods: MethodSet,
    person: Option<Arc<Person>>,
    channels: BTreeMap<ChannelId, Open>,
    /// Given back when it is known who he is.
    stranger: Option<(OwnedSemaphorePermit, oneshot::Sender<()>)>,
}

type Done = Result<(), russh::Error>;

impl Visitor {
    /// A visitor, and what hears of his login.
    pub(super) fn new(
        door: Arc<Door>,
        from: SocketAddr,
        methods: MethodSet,
        stranger: OwnedSemaphorePermit,
    ) -> (Visitor, oneshot::Receiver<()>) {
        let (tell, known) = oneshot::channel();
        let (person, channels) = (None, BTreeMap::new());
        let stranger = Some((stranger, tell));
        (Visitor { door, from, methods, person, channels, stranger }, known)
    }

    /// He may try again, in every way: the library would take away the one that failed.
    fn refusal(&self) -> Auth {
        let proceed_with_methods = Some(self.methods.clone());
        Auth::Reject { proceed_with_methods, partial_success: false }
    }

    async fn prove(&mut self, user: &str, proof: Proof) -> Auth {
        let Some((Some(cookie), entered)) = self.door.enter(self.from, user, proof).await else {
            return self.refusal();
        };
        let (door, user, from) = (Arc::clone(&self.door), user.to_owned(), self.from);
        let login = Login { door: Arc::clone(&door), from, cookie };
        self.person = Some(Arc::new(Person { door, user, from, entered, login }));
        if let Some((_place, tell)) = self.stranger.take() {
            // Nobody waits any more when the connection ends just now.
            let _ = tell.send(());
        }
        Auth::Accept
    }

    /// Runs something on a channel, unless something does already; false then.
    fn start(&mut self, id: ChannelId, work: impl FnOnce(Task) -> Control) -> bool {
        let (Some(person), Some(open)) = (&self.person, self.channels.get_mut(&id)) else {
            return false;
        };
        let Some(channel) = open.channel.take() else { return false };
        let terminal = open.terminal.take();
        open.control = Some(work(Task { person: Arc::clone(person), channel, terminal }));
        true
    }
}

impl Visitor {
    /// Runs LunaSH on a channel, unless as many as there may be run already.
    fn start_shell(&mut self, id: ChannelId, command: Option<Secret>) -> bool {
        let Ok(place) = Arc::clone(&self.door.shells).try_acquire_owned() else { return false };
        self.start(id, |task| shell::run(task, command, place))
    }
}

/// What something on a channel works with.
pub(super) struct Task {
    pub(super) person: Arc<Person>,
    pub(super) channel: Channel<Msg>,
    pub(super) terminal: Option<Wanted>,
}

fn answer(session: &mut Session, channel: ChannelId, done: bool) -> Done {
    if done { session.channel_success(channel) } else { session.channel_failure(channel) }
}

impl Handler for Visitor {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(self.prove(user, Proof::Password(password.into())).await)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(mut answers) = response else {
            let prompts = vec![("Password: ".into(), false)].into();
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts });
        };
        let Some(typed) = answers.next() else { return Ok(self.refusal()) };
        let Ok(password) = std::str::from_utf8(&typed) else { return Ok(self.refusal()) };
        Ok(self.prove(user, Proof::Password(password.into())).await)
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        let proof = Proof::Offer(offer.public_key.fingerprint(HashAlg::Sha256).to_string());
        let known = self.door.enter(self.from, user, proof).await.is_some();
        Ok(if known { Auth::Accept } else { self.refusal() })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let proof = Proof::Key(key.public_key.fingerprint(HashAlg::Sha256).to_string());
        Ok(self.prove(user, proof).await)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Done {
        // The library tells only of channels that the other side is the first to close.
        let goes_on = |open: &Open| !open.control.as_ref().is_some_and(Control::has_ended);
        self.channels.retain(|_, open| goes_on(open));
        if self.person.is_none() || self.channels.len() >= CHANNELS {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        let open = Open { channel: None, terminal: None, control: None };
        let id = channel.id();
        self.channels.insert(id, Open { channel: Some(channel), ..open });
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Done {
        self.channels.remove(&channel);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        term: &str,
        columns: u32,
        rows: u32,
        _width: u32,
        _height: u32,
        modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Done {
        let open = self.channels.get_mut(&channel).filter(|open| open.channel.is_some());
        let done = open.map(|open| {
            let size = Size::new(columns, rows);
            open.terminal = Some(Wanted { name: term.to_owned(), size, modes: modes.to_vec() });
        });
        answer(session, channel, done.is_some())
    }

    async fn window_change_request(
        &mut self,
        channel: ChannelId,
        columns: u32,
        rows: u32,
        _width: u32,
        _height: u32,
        session: &mut Session,
    ) -> Done {
        let size = Size::new(columns, rows);
        let open = self.channels.get_mut(&channel);
        match open {
            Some(Open { control: Some(control), .. }) => control.resize(size),
            Some(Open { terminal: Some(terminal), .. }) => terminal.size = size,
            _ => {}
        }
        answer(session, channel, true)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Done {
        answer(session, channel, false)
    }

    async fn signal(&mut self, channel: ChannelId, signal: Sig, _session: &mut Session) -> Done {
        if let Some(Open { control: Some(control), .. }) = self.channels.get(&channel)
            && matches!(signal, Sig::INT)
        {
            control.interrupt();
        }
        Ok(())
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Done {
        let done = self.start_shell(channel, None);
        answer(session, channel, done)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Done {
        let line = std::str::from_utf8(data).ok().filter(|line| line.len() <= LINE);
        let Some(line) = line else { return answer(session, channel, false) };
        let done = match scp::Asked::of(line) {
            Some(asked) => self.start(channel, |task| scp::run(task, asked)),
            None => self.start_shell(channel, Some(line.into())),
        };
        answer(session, channel, done)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Done {
        let served = name == "sftp" && self.door.settings.sftp;
        let done = served
            && self.start(channel, |task| {
                let Task { person, channel, .. } = task;
                sftp::run(Files(person), channel)
            });
        answer(session, channel, done)
    }
}
