namespace HubshareDemo.Admin;

/// <summary>The steps that an admin call can slow down.</summary>
public enum DelayedStep
{
    Negotiate,
    Refresh,
    Calls,
    Upgrade,
    /// <summary>Requests of long polling that ask for messages.</summary>
    Polls,
    /// <summary>Requests that bring messages, of long polling and of event streams.</summary>
    Posts,
}
