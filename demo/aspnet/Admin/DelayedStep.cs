namespace HubshareDemo.Admin;

/// <summary>The steps that an admin call can slow down.</summary>
public enum DelayedStep
{
    Negotiate,
    Refresh,
    Calls,
    Upgrade,
}
